package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.Decoder;
import dev.crema.tensor.DType;
import dev.crema.train.Trainer.End;
import dev.crema.train.run.Checkpoint;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run that stops and goes on in a new trainer with a new model is the run that never stopped, bit for bit. */
@ExtendWith(OneThread.class)
class ResumeTest {
    private static final long STEPS = 30;

    @TempDir
    Path folder;

    private Course straight(Toy toy, TrainingPlan plan, DType dtype) throws IOException {
        Path run = folder.resolve("straight");
        try (Decoder model = Toy.model(dtype)) {
            Toy.train(model, plan, toy.nextToken(), run);
            return Course.of(run, model);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void aRunThatStopsAndResumesIsTheSameBitForBit(DType dtype) throws IOException {
        TrainingPlan plan = Toy.plan(STEPS, 10, 4, 0);
        try (Toy toy = Toy.in(folder)) {
            Course straight = straight(toy, plan, dtype);
            assertThat(straight.losses()).hasSize((int) STEPS);
            assertThat(straight.losses()[29]).isLessThan(straight.losses()[0] - 0.5);

            Path run = folder.resolve("stopped");
            for (long stopAt : new long[] {1, 7, 8, 10, 23}) {
                try (Decoder model = Toy.model(dtype)) {
                    StopSignal stop = StopSignal.none();
                    var result = Toy.train(model, plan, toy.nextToken(), run, stop, metrics -> {
                        if (metrics.step() == stopAt) stop.ask();
                    });
                    assertThat(result.end()).isEqualTo(End.ASKED);
                    assertThat(result.steps()).isEqualTo(stopAt);
                }
            }
            try (Decoder model = Toy.model(dtype)) {
                var result = Toy.train(model, plan, toy.nextToken(), run);
                assertThat(result.end()).isEqualTo(End.DONE);
                assertThat(result.steps()).isEqualTo(STEPS);
                assertThat(result.tokens()).isEqualTo(STEPS * 8 * Toy.COLUMNS);
                Course.of(run, model).isExactly(straight);
            }
        }
    }

    @Test
    void aDamagedCheckpointGivesWayToTheOneBefore() throws IOException {
        TrainingPlan plan = Toy.plan(STEPS, 0, 5, 0);
        try (Toy toy = Toy.in(folder)) {
            Course straight = straight(toy, plan, DType.FP32);
            Path run = folder.resolve("damaged");
            StopSignal stop = StopSignal.none();
            try (Decoder model = Toy.model(DType.FP32)) {
                Toy.train(model, plan, toy.nextToken(), run, stop, metrics -> {
                    if (metrics.step() == 20) stop.ask();
                });
            }
            Checkpoint last = RunFolder.checkpointsOf(run).latest().orElseThrow();
            assertThat(last.step()).isEqualTo(20);
            Path weights = last.folder().resolve("weights.safetensors");
            byte[] bytes = Files.readAllBytes(weights);
            bytes[bytes.length - 100] ^= 1;
            Files.write(weights, bytes);

            List<Long> steps = new ArrayList<>();
            try (Decoder model = Toy.model(DType.FP32)) {
                Toy.train(model, plan, toy.nextToken(), run, StopSignal.none(), metrics -> steps.add(metrics.step()));
                assertThat(steps.getFirst()).isEqualTo(16);
                Course.of(run, model).isExactly(straight);
            }
        }
    }
}
