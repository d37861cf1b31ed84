package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelsTest {
    @ParameterizedTest
    @CsvSource({"FP32,FP32,5", "FP32,FP32,1000", "BF16,BF16,37", "BF16,FP32,40000"})
    void adamWFollowsTheFormula(DType weightType, DType gradientType, int count) {
        try (Scope scope = Scope.open()) {
            Random random = new Random(1);
            float[] start = new float[count];
            for (int i = 0; i < count; i++) start[i] = (float) random.nextGaussian();
            Tensor w = Tensors.of(start, count), m = Tensors.zerosLike(w), v = Tensors.zerosLike(w);
            Tensor weight = weightType == DType.FP32 ? w : w.to(weightType);
            double[] ew = new double[count], em = new double[count], ev = new double[count];
            for (int i = 0; i < count; i++) ew[i] = start[i];
            for (int step = 1; step <= 3; step++) {
                float[] values = new float[count];
                for (int i = 0; i < count; i++) values[i] = (float) random.nextGaussian();
                Tensor gradient = Tensors.of(values, count).to(gradientType);
                float[] g = gradient.toFloats();
                Kernels.adamW(w, gradient, m, v, weight, new Kernels.AdamWStep(0.5, 0.1, 0.9, 0.95, 1e-8, 0.01, step));
                for (int i = 0; i < count; i++) {
                    double gi = 0.5 * g[i];
                    ew[i] *= 1 - 0.1 * 0.01;
                    em[i] = 0.9 * em[i] + 0.1 * gi;
                    ev[i] = 0.95 * ev[i] + 0.05 * gi * gi;
                    double hat = em[i] / (1 - Math.pow(0.9, step));
                    ew[i] -= 0.1 * hat / (Math.sqrt(ev[i] / (1 - Math.pow(0.95, step))) + 1e-8);
                }
            }
            float[] actual = w.toFloats(), rounded = weight.toFloats();
            for (int i = 0; i < count; i++) {
                assertThat((double) actual[i]).isCloseTo(ew[i], within(1e-4));
                assertThat((double) rounded[i]).isCloseTo(ew[i], within(0.005 * Math.abs(ew[i]) + 1e-4));
            }
        }
    }

    @Test
    void sumsSquaresOfEveryLength() {
        try (Scope scope = Scope.open()) {
            for (int count : new int[] {1, 15, 16, 17, 5000, 100_003}) {
                float[] values = new float[count];
                double expected = 0;
                for (int i = 0; i < count; i++) {
                    values[i] = i % 7 - 3;
                    expected += values[i] * values[i];
                }
                Tensor wide = Tensors.of(values, count);
                assertThat(Kernels.sumOfSquares(wide)).isCloseTo(expected, within(expected * 1e-6));
                assertThat(Kernels.sumOfSquares(wide.to(DType.BF16))).isCloseTo(expected, within(expected * 1e-6));
            }
        }
    }
}
