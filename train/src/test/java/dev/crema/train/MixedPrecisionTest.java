package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.crema.model.Decoder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(OneThread.class)
class MixedPrecisionTest {
    private static final int STEPS = 60;

    @TempDir
    Path folder;

    private double[] losses(Toy toy, DType dtype, String name) throws IOException {
        try (Decoder model = Toy.model(dtype)) {
            Toy.train(model, Toy.plan(STEPS, 10, 0, 0), toy.nextToken(4), folder.resolve(dtype.name()));
        }
        return Toy.logged(folder.resolve(dtype.name()), name);
    }

    @Test
    void theLossInBf16FollowsThatInFp32() throws IOException {
        try (Toy toy = Toy.in(folder)) {
            double[] wide = losses(toy, DType.FP32, "val_loss"), narrow = losses(toy, DType.BF16, "val_loss");
            assertThat(wide).hasSize(STEPS).hasSameSizeAs(narrow);
            for (int step = 9; step < STEPS; step += 10) {
                assertThat(narrow[step]).as("after step %d", step + 1).isCloseTo(wide[step], withinPercentage(5));
            }
            assertThat(wide[STEPS - 1]).isLessThan(0.6 * wide[9]);
            assertThat(narrow).isNotEqualTo(wide);
        }
    }

    @Test
    void updatesTooSmallForBf16AddUpInTheMasters() {
        var rate = new Optimizer.Settings.AdamWSettings(1e-3, 0.9, 0.95, 1e-8, 0);
        try (Decoder model = Toy.model(DType.BF16);
                MasterWeights masters = MasterWeights.of(model.weights());
                Optimizer optimizer = Optimizer.of(rate, masters);
                Scope scope = Scope.open()) {
            Tensor norm = model.weights().get("norm.weight");
            // In bf16, 1 - 0.001 is 1; four such steps are 0.996.
            for (int step = 1; step <= 4; step++) {
                masters.clearGradients();
                norm.accumulateGrad(Tensors.full(1, DType.BF16, norm.device(), norm.shape()));
                masters.collect();
                assertThat(norm.hasGrad()).isFalse();
                optimizer.step(1);
                masters.publish();
            }
            float[] values = norm.toFloats();
            assertThat(Arrays.stream(floats(values)).distinct().toArray()).containsExactly(0.99609375);
        }
    }

    private static double[] floats(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) wide[i] = values[i];
        return wide;
    }
}
