package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.Decoder;
import dev.crema.tensor.DType;
import dev.crema.train.run.RunFolder;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a training process at twenty random moments; it must end where one that nobody killed ends, bit for bit. */
class KilledRunTest {
    private static final int KILLS = 20;
    private static final long STEPS = 260;
    private static final TrainingPlan PLAN = Toy.plan(STEPS, 20, 5, 0);

    @TempDir
    Path folder;

    @Test
    void endsWhereAnUndisturbedRunEnds() throws Exception {
        Path killed = folder.resolve("killed"), straight = folder.resolve("straight");
        Random random = new Random(3);
        for (int kill = 0; kill < KILLS; kill++) {
            assertThat(runUntilKilled(killed, random))
                    .as("kill %d found a process at work", kill)
                    .isTrue();
        }
        Process last = start(killed);
        last.inputReader(StandardCharsets.UTF_8).lines().forEach(line -> {});
        assertThat(last.waitFor()).isZero();

        train(straight, step -> {});
        for (String name : List.of("loss", "grad_norm", "val_loss")) {
            assertThat(Toy.logged(killed, name))
                    .as(name)
                    .hasSize((int) STEPS)
                    .containsExactly(Toy.logged(straight, name));
        }
        Path end = RunFolder.checkpointsOf(killed).latest().orElseThrow().folder();
        Path expected = RunFolder.checkpointsOf(straight).latest().orElseThrow().folder();
        assertThat(end.getFileName()).hasToString("step-" + STEPS);
        for (String file : List.of("weights.safetensors", "optimizer.safetensors", "state.json")) {
            assertThat(Files.mismatch(end.resolve(file), expected.resolve(file)))
                    .as(file)
                    .isEqualTo(-1);
        }
    }

    /** Returns whether the process was still at work when it was killed. */
    private boolean runUntilKilled(Path run, Random random) throws Exception {
        // Now and then in its first second, mostly some steps later, in the middle of a step or of a checkpoint.
        int steps = random.nextInt(12), millis = random.nextInt(steps == 0 ? 1000 : 30);
        Process child = start(run);
        try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
            for (int i = 0; i < steps; i++) if (out.readLine() == null) return false;
            Thread.sleep(millis);
            boolean atWork = child.isAlive();
            child.destroyForcibly().waitFor();
            return atWork;
        }
    }

    private Process start(Path run) throws IOException {
        return ChildJvm.start(List.of("-Xmx256m"), Child.class, run.toString());
    }

    private static void train(Path run, LongConsumer stepTaken) throws IOException {
        Files.createDirectories(run);
        try (Toy toy = Toy.in(run);
                Decoder model = Toy.model(DType.FP32)) {
            Toy.train(model, PLAN, toy.nextToken(2), run, StopSignal.none(), m -> stepTaken.accept(m.step()));
        }
    }

    /** Trains in the folder named, from where it stands, and says each step it has taken. */
    static final class Child {
        public static void main(String[] args) throws IOException {
            train(Path.of(args[0]), System.out::println);
        }
    }
}
