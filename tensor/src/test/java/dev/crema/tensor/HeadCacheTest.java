package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Caches of both forms against rotation and attention written in libtorch's operations. */
class HeadCacheTest {
    private static final int BATCH = 2, SLOTS = 112;
    private static final int[] STARTS = {0, 37};

    /** Makes a cache of the form that is tested. */
    private interface Form {
        HeadCache of(DType dtype, HeadLayout layout);
    }

    @Nested
    class Transposed extends Contract {
        Transposed() {
            super((dtype, layout) -> TransposedCache.of(dtype, Device.CPU, BATCH, layout, SLOTS));
        }
    }

    @Nested
    class Panelled extends Contract {
        Panelled() {
            super((dtype, layout) -> {
                assumeTrue(PanelCache.fits(dtype, Device.CPU, layout), "no machine code for " + dtype + " here");
                return PanelCache.of(dtype, BATCH, layout, SLOTS);
            });
        }
    }

    abstract static class Contract {
        private final Form form;

        Contract(Form form) {
            this.form = form;
        }

        @ParameterizedTest
        @CsvSource({
            "FP32, 6, 2, 64, 1, 2e-5",
            "FP32, 6, 2, 64, 50, 2e-5",
            "FP32, 5, 1, 40, 81, 2e-5",
            "FP32, 3, 3, 6, 112, 2e-5",
            "FP32, 2, 2, 84, 99, 2e-5",
            "FP32, 15, 1, 32, 70, 2e-5",
            "BF16, 9, 3, 64, 97, 2e-2",
            "BF16, 4, 4, 48, 64, 2e-2",
            "BF16, 2, 2, 128, 101, 2e-2",
            "BF16, 28, 2, 64, 38, 2e-2"
        })
        void takesTheTokenUpAndAttends(DType dtype, int heads, int shared, int size, int length, double tolerance) {
            HeadLayout layout = new HeadLayout(heads, shared, size);
            try (Scope scope = Scope.open();
                    RandomState random = RandomState.of(1);
                    HeadCache cache = form.of(dtype, layout)) {
                Tensor projection = normal(random, dtype, BATCH, 1, (heads + 2L * shared) * size);
                int half = length % 2 == 0 ? size / 2 : Math.max(1, size / 2 - 2); // some heads turn in part
                Tensor cos = normal(random, DType.FP32, BATCH, 1, half),
                        sin = normal(random, DType.FP32, BATCH, 1, half);
                Tensor keys = normal(random, dtype, BATCH, shared, length, size),
                        values = normal(random, dtype, BATCH, shared, length, size);
                int[] starts = length == 1 ? new int[BATCH] : STARTS;
                if (length > 1) {
                    cache.append(0, keys.narrow(2, 0, length - 1), values.narrow(2, 0, length - 1));
                }

                Tensor actual = cache.attend(projection, List.of(cos, sin), length, starts, 0.7 / Math.sqrt(size));

                Tensor qkv =
                        projection.to(DType.FP32).reshape(BATCH, 1, heads + 2L * shared, size); // [B, 1, H + 2K, d]
                Tensor q = Functions.rotate(qkv.narrow(2, 0, heads), cos, sin).transpose(1, 2); // [B, H, 1, d]
                Tensor k =
                        Functions.rotate(qkv.narrow(2, heads, shared), cos, sin).transpose(1, 2); // [B, K, 1, d]
                Tensor v = qkv.narrow(2, heads + shared, shared).transpose(1, 2); // [B, K, 1, d]
                keys.narrow(2, length - 1, 1).copyInPlace(k);
                values.narrow(2, length - 1, 1).copyInPlace(v);
                close(cache.keys(length), keys, tolerance);
                close(cache.values(length), values, tolerance);
                Tensor expected = Functions.attention(
                        q,
                        keys.to(DType.FP32),
                        values.to(DType.FP32),
                        bias(starts, length),
                        0.7 / Math.sqrt(size),
                        new SoftCap.None());
                close(actual, expected.transpose(1, 2).reshape(BATCH, 1, (long) heads * size), tolerance);
            }
        }

        @Test
        void appendsPieceByPieceAndKeepsRows() {
            HeadLayout layout = new HeadLayout(2, 2, 36);
            for (DType dtype : List.of(DType.FP32, DType.BF16)) {
                try (Scope scope = Scope.open();
                        RandomState random = RandomState.of(3);
                        HeadCache cache = form.of(dtype, layout)) {
                    Tensor keys = normal(random, dtype, BATCH, 2, SLOTS, 36), values = keys.mul(2);
                    int at = 0;
                    for (int tokens : new int[] {1, 30, 3, 40, 38}) {
                        cache.append(at, keys.narrow(2, at, tokens), values.narrow(2, at, tokens));
                        at += tokens;
                        close(cache.keys(at), keys.narrow(2, 0, at), 0);
                        close(cache.values(at), values.narrow(2, 0, at), 0);
                    }
                    // A row for several, and then some of the rows.
                    Tensor rows = Tensors.of(new long[] {1, 1, 0}, 3), some = Tensors.of(new long[] {1, 2}, 2);
                    cache.select(rows, 70);
                    close(cache.keys(70), keys.narrow(2, 0, 70).indexSelect(0, rows), 0);
                    close(cache.values(70), values.narrow(2, 0, 70).indexSelect(0, rows), 0);
                    cache.select(some, 70);
                    Tensor left = rows.indexSelect(0, some);
                    close(cache.keys(70), keys.narrow(2, 0, 70).indexSelect(0, left), 0);
                    close(cache.values(70), values.narrow(2, 0, 70).indexSelect(0, left), 0);
                }
            }
        }
    }

    private static Tensor bias(int[] starts, int length) {
        float[] bias = new float[BATCH * length];
        for (int row = 0; row < BATCH; row++) {
            for (int s = 0; s < starts[row]; s++) bias[row * length + s] = -1e30f;
        }
        return Tensors.of(bias, BATCH, 1, 1, length);
    }

    private static Tensor normal(RandomState random, DType dtype, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1).to(dtype);
    }

    private static void close(Tensor actual, Tensor expected, double tolerance) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        float[] a = actual.toFloats(), e = expected.toFloats();
        for (int i = 0; i < a.length; i++) {
            assertThat((double) a[i]).isCloseTo(e[i], Offset.offset(tolerance * (1 + Math.abs(e[i]))));
        }
    }
}
