package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel of a decoding step over latents against attention written in libtorch's operations. */
class LatentHeadsTest {
    private static final int BATCH = 2, ROOM = 5;

    @ParameterizedTest
    @CsvSource({
        "FP32, 4, 32, 16, 1, 0, 2e-5",
        "FP32, 20, 64, 8, 77, 3, 2e-5",
        "FP32, 3, 64, 16, 2100, 37, 2e-5",
        "BF16, 4, 32, 16, 1, 0, 1e-2",
        "BF16, 20, 96, 8, 78, 3, 1e-2",
        "BF16, 33, 64, 16, 2101, 36, 1e-2",
        "BF16, 5, 32, 6, 3, 2, 1e-2",
        "BF16, 16, 512, 64, 4099, 0, 1e-2"
    })
    void mixesLatentsByTheirScores(
            DType dtype, int heads, int rank, int turned, int length, int start, double tolerance) {
        try (Scope scope = Scope.open();
                var off = Autograd.off();
                RandomState random = RandomState.of(1)) {
            Tensor queries = normal(random, dtype, BATCH, 1, heads, rank + turned);
            Tensor latents = normal(random, dtype, BATCH, length + ROOM, rank + turned);
            assumeTrue(LatentHeads.fit(queries, latents, rank), "no machine code for " + dtype + " here");
            double scale = 1 / Math.sqrt(rank + turned);

            Tensor actual = Functions.latentAttention(queries, latents, rank, new int[] {0, start}, length, scale);

            assertThat(actual.shape()).containsExactly(BATCH, 1, heads, rank);
            for (int row = 0; row < BATCH; row++) {
                int from = row == 0 ? 0 : start;
                Tensor q = queries.select(0, row).select(0, 0).to(DType.FP32); // [H, R + r]
                Tensor seen =
                        latents.select(0, row).narrow(0, from, length - from).to(DType.FP32);
                Tensor weights =
                        Functions.softmax(q.matmul(seen.transpose(0, 1)).mul(scale), -1); // [H, S]
                float[] expected = weights.matmul(seen.narrow(1, 0, rank)).toFloats();
                float[] mixed = actual.select(0, row).toFloats();
                for (int i = 0; i < mixed.length; i++) {
                    assertThat((double) mixed[i])
                            .isEqualTo(expected[i], within(tolerance * (1 + Math.abs(expected[i]))));
                }
            }
        }
    }

    @Test
    void moreThreadsThanTokensAreNoneTooMany() {
        int threads = LibTorch.threads();
        LibTorch.threads(8);
        try {
            mixesLatentsByTheirScores(DType.BF16, 4, 32, 16, 3, 1, 1e-2);
            mixesLatentsByTheirScores(DType.FP32, 4, 32, 16, 9, 8, 2e-5);
        } finally {
            LibTorch.threads(threads);
        }
    }

    private static Tensor normal(RandomState random, DType dtype, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1).to(dtype);
    }
}
