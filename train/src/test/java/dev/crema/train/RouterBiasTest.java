package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.crema.data.Batch;
import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.tensor.DType;
import dev.crema.train.method.Auxiliary;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Biases of routers move with the loads of each step until these are even, without a loss. */
@ExtendWith(OneThread.class)
class RouterBiasTest {
    private static final double RATE = 0.02;

    @TempDir
    Path folder;

    private static TokenPrediction<Decoder, Batch> method(Toy toy, int rows, int passes, Auxiliary auxiliary) {
        return TokenPrediction.next(
                toy.training(rows), List.of(), new PassPlan(passes, Activations.KEEP, Dropout.NONE), auxiliary);
    }

    private double[] loads(Toy toy, Auxiliary auxiliary, String name) throws IOException {
        try (Decoder model = Toy.skewedExperts(DType.FP32)) {
            Toy.train(model, Toy.plan(60), method(toy, 8, 1, auxiliary), folder.resolve(name));
            return Toy.logged(folder.resolve(name), "expert_load_max");
        }
    }

    @Test
    void loadsEvenOut() throws IOException {
        try (Toy toy = Toy.in(folder)) {
            double[] moved = loads(toy, new Auxiliary(0, RATE, 0), "moved"), left = loads(toy, Auxiliary.NONE, "left");
            // All tokens go to two of eight experts.
            assertThat(moved[0]).isEqualTo(4, within(1e-9));
            assertThat(left[0]).isEqualTo(4, within(1e-9));
            assertThat(left[59]).isGreaterThan(3);
            double mean = 0;
            for (int step = 40; step < 60; step++) mean += moved[step] / 20;
            assertThat(mean).isLessThan(1.8);
        }
    }

    /** The balance loss does the same in its own way, and is measured by the same figure. */
    @Test
    void theBalanceLossIsMeasuredToo() throws IOException {
        try (Toy toy = Toy.in(folder)) {
            double[] loads = loads(toy, new Auxiliary(0.1, 0, 0), "balanced");
            assertThat(loads[0]).isEqualTo(4, within(1e-9));
            assertThat(Toy.logged(folder.resolve("balanced"), "balance_loss")).doesNotContain(Double.NaN);
        }
    }

    private static Map<Integer, float[]> biasesAfterAStep(Toy toy, int rows, int passes, DType dtype) {
        try (Decoder model = Toy.skewedExperts(dtype);
                MasterWeights masters = MasterWeights.of(model.weights())) {
            var report = method(toy, rows, passes, new Auxiliary(0, RATE, 0)).accumulate(model, masters::collect, 0);
            // A step that is left out moves nothing.
            assertThat(bias(model, 0)).containsOnly(0f, 0.5f);
            report.taken().run();
            return Map.of(0, bias(model, 0), 1, bias(model, 1));
        }
    }

    private static float[] bias(Decoder model, int layer) {
        return model.weights()
                .get("blocks." + layer + ".feedForward.router.correction")
                .toFloats();
    }

    @Test
    void loadsAreSummedOverThePassesOfAStep() throws IOException {
        try (Toy toy = Toy.in(folder)) {
            Map<Integer, float[]> whole = biasesAfterAStep(toy, 8, 1, DType.FP32);
            Map<Integer, float[]> cut = biasesAfterAStep(toy, 2, 4, DType.FP32);
            float rate = (float) RATE, down = 0.5f - rate;
            for (int layer = 0; layer < 2; layer++) {
                assertThat(whole.get(layer)).containsExactly(down, down, rate, rate, rate, rate, rate, rate);
                assertThat(cut.get(layer)).containsExactly(whole.get(layer));
            }
            // In FP32 whatever the type of the model.
            assertThat(biasesAfterAStep(toy, 8, 1, DType.BF16).get(1)).containsExactly(whole.get(1));
        }
    }

    @Test
    void aRunThatStopsAndResumesIsTheSameBitForBit() throws IOException {
        TrainingPlan plan = Toy.plan(24, 0, 5, 0);
        Auxiliary auxiliary = new Auxiliary(0, RATE, 0);
        try (Toy toy = Toy.in(folder)) {
            Course straight;
            List<float[]> biases = new ArrayList<>();
            try (Decoder model = Toy.skewedExperts(DType.BF16)) {
                Toy.train(model, plan, method(toy, 4, 2, auxiliary), folder.resolve("straight"));
                straight = Course.of(folder.resolve("straight"), model);
                biases.add(bias(model, 0));
            }
            for (long stopAt : new long[] {5, 7, 24}) {
                StopSignal stop = StopSignal.none();
                try (Decoder model = Toy.skewedExperts(DType.BF16)) {
                    Toy.train(model, plan, method(toy, 4, 2, auxiliary), folder.resolve("stopped"), stop, metrics -> {
                        if (metrics.step() == stopAt) stop.ask();
                    });
                    if (stopAt < 24) continue;
                    Course.of(folder.resolve("stopped"), model).isExactly(straight);
                    assertThat(bias(model, 0)).containsExactly(biases.getFirst());
                    assertThat(Toy.logged(folder.resolve("stopped"), "expert_load_max"))
                            .containsExactly(Toy.logged(folder.resolve("straight"), "expert_load_max"));
                }
            }
        }
    }
}
