package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products of each head with its part of a weight, of few rows (our kernel) and of many (libtorch), element by element. */
class HeadWeightsTest {
    private static final int HEADS = 3, PART = 24;

    @ParameterizedTest
    @CsvSource({
        "FP32, 1, 1, 19, 85",
        "FP32, 2, 2, 19, 85",
        "FP32, 3, 4, 19, 85",
        "BF16, 1, 3, 19, 85",
        "BF16, 2, 5, 19, 85",
        "FP32, 1, 2, 20, 48",
        "BF16, 2, 1, 20, 96",
        "BF16, 6, 3, 20, 96",
        "BF16, 5, 15, 20, 96"
    })
    void multipliesEachHeadWithItsOwnRows(DType dtype, int rows, int tokens, int rest, int latent) {
        try (Scope scope = Scope.open();
                var off = Autograd.off();
                RandomState random = RandomState.of(1)) {
            Tensor weight = normal(random, dtype, HEADS, PART + rest, latent);
            Tensor narrow = normal(random, dtype, rows, tokens, HEADS, PART);
            Tensor wide = normal(random, dtype, rows, tokens, HEADS, latent);

            Tensor up = Functions.headRows(narrow, weight, 0);
            Tensor down = Functions.headColumns(wide, weight, PART, rest);

            assertThat(up.shape()).containsExactly(rows, tokens, HEADS, latent);
            assertThat(down.shape()).containsExactly(rows, tokens, HEADS, rest);
            float[] w = weight.toFloats();
            float[] x = narrow.toFloats(), y = up.toFloats();
            for (int i = 0; i < y.length; i++) {
                int token = i / (HEADS * latent), head = i / latent % HEADS, o = i % latent;
                double sum = 0;
                for (int k = 0; k < PART; k++) {
                    sum += (double) x[(token * HEADS + head) * PART + k] * w[(head * (PART + rest) + k) * latent + o];
                }
                close(y[i], sum, dtype);
            }
            float[] z = wide.toFloats(), v = down.toFloats();
            for (int i = 0; i < v.length; i++) {
                int token = i / (HEADS * rest), head = i / rest % HEADS, o = i % rest;
                double sum = 0;
                for (int k = 0; k < latent; k++) {
                    sum += (double) z[(token * HEADS + head) * latent + k]
                            * w[(head * (PART + rest) + PART + o) * latent + k];
                }
                close(v[i], sum, dtype);
            }
        }
    }

    private static void close(float actual, double expected, DType dtype) {
        double tolerance = dtype == DType.FP32 ? 1e-5 : 8e-3;
        assertThat((double) actual).isCloseTo(expected, Offset.offset(tolerance * (3 + Math.abs(expected))));
    }

    private static Tensor normal(RandomState random, DType dtype, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1).to(dtype);
    }
}
