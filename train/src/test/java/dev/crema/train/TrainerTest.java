package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import dev.crema.model.Decoder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import dev.crema.train.Trainer.End;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What surrounds the steps, with a method that learns nothing. */
class TrainerTest {
    @TempDir
    Path folder;

    @Test
    void stopsEarlyAndEndsAtTheBestWeights() throws IOException {
        // The measured figure falls until step 6 and rises from there.
        Scripted method = Scripted.measuring(step -> Math.abs(step - 6));
        try (Decoder model = Toy.model(DType.FP32)) {
            var result = Toy.train(model, Toy.plan(40, 2, 0, 3), method, folder);
            assertThat(result.end()).isEqualTo(End.EARLY_STOP);
            assertThat(result.steps()).isEqualTo(12);
            assertThat(RunFolder.checkpointsOf(folder).best().orElseThrow().step())
                    .isEqualTo(6);
            assertThat(Toy.weights(model)).containsExactly(method.weightsMeasuredAt(6));
            assertThat(Toy.weights(model)).isNotEqualTo(method.weightsMeasuredAt(12));
        }
        // A run that is over stays over, and gives the best again.
        try (Decoder model = Toy.model(DType.FP32)) {
            var again = Toy.train(model, Toy.plan(40, 2, 0, 3), Scripted.measuring(step -> 0), folder);
            assertThat(again.end()).isEqualTo(End.EARLY_STOP);
            assertThat(again.steps()).isEqualTo(12);
            assertThat(Toy.weights(model)).containsExactly(method.weightsMeasuredAt(6));
        }
    }

    @Test
    void keepsTheBestCheckpointAmongLaterOnes() throws IOException {
        Scripted method = Scripted.measuring(step -> Math.abs(step - 6));
        try (Decoder model = Toy.model(DType.FP32)) {
            var result = Toy.train(model, Toy.plan(20, 2, 2, 0), method, folder);
            assertThat(result.end()).isEqualTo(End.DONE);
            assertThat(RunFolder.checkpointsOf(folder).steps()).containsExactly(6L, 18L, 20L);
            assertThat(Toy.weights(model)).containsExactly(method.weightsMeasuredAt(6));
            assertThat(model.weights().all()).noneMatch(Tensor::requiresGrad);
        }
    }

    @Test
    void aKillBetweenABestCheckpointAndItsMarkLosesNothing() throws IOException {
        Path run = folder.resolve("unmarked");
        Scripted method = Scripted.measuring(step -> 100 - step);
        StopSignal stop = StopSignal.none();
        try (Decoder model = Toy.model(DType.FP32)) {
            Toy.train(model, Toy.plan(20, 2, 2, 0), method, run, stop, metrics -> {
                if (metrics.step() == 8) stop.ask();
            });
        }
        Files.writeString(run.resolve("best"), "step-6\n"); // as it was before step 8 was marked
        try (Decoder model = Toy.model(DType.FP32)) {
            Scripted worse = Scripted.measuring(step -> step <= 8 ? 100 - step : 1000);
            Toy.train(model, Toy.plan(20, 2, 2, 0), worse, run);
            assertThat(RunFolder.checkpointsOf(run).best().orElseThrow().step()).isEqualTo(8);
            assertThat(Toy.weights(model)).containsExactly(method.weightsMeasuredAt(8));
        }
    }

    @Test
    void leavesOutAStepWhoseLossIsNotANumber() throws IOException {
        Path clean = folder.resolve("clean"), bad = folder.resolve("bad");
        List<float[]> weights = new ArrayList<>();
        try (Decoder model = Toy.model(DType.FP32)) {
            Scripted method = Scripted.failingAt(Set.of(4L));
            Toy.train(model, Toy.plan(6, 1, 0, 0), method, bad);
            for (long step = 1; step <= 6; step++) weights.add(method.weightsMeasuredAt(step));
        }
        assertThat(weights.get(4)).as("after the bad step").containsExactly(weights.get(3));
        assertThat(weights.get(5)).isNotEqualTo(weights.get(4));
        assertThat(Toy.logged(bad, "loss")[4]).isNaN();
        // The optimizer has not seen it: its fifth update is that of a run without a bad step (both at the full rate).
        try (Decoder model = Toy.model(DType.FP32)) {
            Scripted method = Scripted.failingAt(Set.of());
            Toy.train(model, Toy.plan(6, 1, 0, 0), method, clean);
            assertThat(method.weightsMeasuredAt(4)).containsExactly(weights.get(3));
            assertThat(method.weightsMeasuredAt(5)).containsExactly(weights.get(5));
        }
    }

    @Test
    void endsAfterTenStepsInARowWithoutAFiniteLoss() throws IOException {
        Set<Long> bad = Set.copyOf(LongStream.range(5, 40).boxed().toList());
        try (Decoder model = Toy.model(DType.FP32)) {
            assertThatThrownBy(() -> Toy.train(model, Toy.plan(40, 0, 5, 0), Scripted.failingAt(bad), folder))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("not finite")
                    .hasMessageContaining("at step 14")
                    .hasMessageContaining("lower the learning rate");
            for (float weight : Toy.weights(model)) assertThat(weight).isFinite();
            assertThat(model.weights().all()).noneMatch(Tensor::requiresGrad);
        }
        assertThat(Toy.logged(folder, "loss")).hasSize(14);
        assertThat(RunFolder.checkpointsOf(folder).latest().orElseThrow().step())
                .isEqualTo(10);
    }

    @Test
    void refusesTheCheckpointOfAnotherModel() throws IOException {
        try (Toy toy = Toy.in(folder);
                Decoder model = Toy.model(DType.FP32);
                Decoder wider = Toy.wider()) {
            Path run = folder.resolve("run");
            Toy.train(model, Toy.plan(2), toy.nextToken(), run);
            assertThatThrownBy(() -> Toy.train(wider, Toy.plan(4), toy.nextToken(), run))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("tokens.weight")
                    .hasMessageContaining("another model");
            assertThat(wider.weights().all()).noneMatch(Tensor::requiresGrad);
        }
    }

    /** Pulls every weight towards zero, and measures and fails as a test says. */
    private static final class Scripted implements Method<Decoder> {
        private final LongToDoubleFunction measured;
        private final Set<Long> bad;
        private final Map<Long, float[]> weights = new HashMap<>();
        private long steps;

        private Scripted(LongToDoubleFunction measured, Set<Long> bad) {
            this.measured = measured;
            this.bad = bad;
        }

        static Scripted measuring(LongToDoubleFunction measured) {
            return new Scripted(measured, Set.of());
        }

        static Scripted failingAt(Set<Long> bad) {
            return new Scripted(step -> step, bad);
        }

        float[] weightsMeasuredAt(long step) {
            return weights.getOrDefault(step, new float[0]);
        }

        @Override
        public StepReport accumulate(Decoder model, Gradients gradients, long step) {
            steps = step + 1;
            boolean fails = bad.contains(step);
            try (Scope scope = Scope.open()) {
                for (Tensor weight : model.weights().all()) {
                    weight.accumulateGrad(weight.detach().mul(fails ? Double.NaN : 1));
                }
            }
            gradients.collect();
            return new StepReport(fails ? Double.NaN : 1, 10, Map.of());
        }

        @Override
        public Map<String, Double> evaluate(Decoder model) {
            weights.putIfAbsent(steps, Toy.weights(model));
            return Map.of("val_loss", measured.applyAsDouble(steps));
        }

        @Override
        public JsonNode state() {
            return IntNode.valueOf((int) steps);
        }

        @Override
        public void restore(JsonNode state) {
            steps = state.longValue();
        }
    }
}
