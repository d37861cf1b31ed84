package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.data.Batch;
import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.tensor.DType;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What is dropped depends on the seed, the step and the pass, and measuring drops nothing. */
@ExtendWith(OneThread.class)
class DropoutTrainingTest {
    private static final PassPlan DROPPING = new PassPlan(1, Activations.KEEP, new Dropout(0.2, 3));

    @TempDir
    Path folder;

    private static TokenPrediction<Decoder, Batch> method(Toy toy) {
        return TokenPrediction.next(toy.training(8), List.of(toy.training(8).next()), DROPPING);
    }

    @Test
    void aRunThatStopsGoesOnBitForBit() throws IOException {
        TrainingPlan plan = Toy.plan(12);
        try (Toy toy = Toy.in(folder)) {
            Course straight;
            try (Decoder model = Toy.model(DType.FP32)) {
                Toy.train(model, plan, method(toy), folder.resolve("straight"));
                straight = Course.of(folder.resolve("straight"), model);
                assertThat(straight.losses()[11]).isLessThan(straight.losses()[0]);
            }
            Path run = folder.resolve("stopped");
            try (Decoder model = Toy.model(DType.FP32)) {
                StopSignal stop = StopSignal.none();
                Toy.train(model, plan, method(toy), run, stop, metrics -> {
                    if (metrics.step() == 5) stop.ask();
                });
            }
            try (Decoder model = Toy.model(DType.FP32)) {
                Toy.train(model, plan, method(toy), run);
                Course.of(run, model).isExactly(straight);
            }
        }
    }

    @Test
    void eachStepAndPassDropsOtherElementsAndMeasuringNone() throws IOException {
        try (Toy toy = Toy.in(folder);
                Decoder model = Toy.model(DType.FP32);
                MasterWeights masters = MasterWeights.of(model.weights())) {
            double[] losses = new double[3];
            for (int step = 0; step < 2; step++) losses[step] = loss(toy, model, masters, DROPPING, step);
            losses[2] = loss(toy, model, masters, PassPlan.ONE, 0);
            assertThat(losses).doesNotHaveDuplicates();
            assertThat(loss(toy, model, masters, DROPPING, 1)).isEqualTo(losses[1]);
            assertThat(method(toy).evaluate(model)).containsEntry("val_loss", losses[2]);
        }
    }

    private static double loss(Toy toy, Decoder model, MasterWeights masters, PassPlan plan, long step) {
        var report = TokenPrediction.next(toy.training(8), List.of(), plan).accumulate(model, masters::collect, step);
        masters.clearGradients();
        return report.loss();
    }
}
