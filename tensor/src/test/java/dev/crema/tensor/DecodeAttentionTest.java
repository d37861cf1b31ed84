package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel of a decoding step against rotation and attention written in libtorch's operations. */
class DecodeAttentionTest {
    private static final int BATCH = 2, SLOTS = 112;
    private static final int[] STARTS = {0, 37};

    @ParameterizedTest
    @CsvSource({
        "FP32, 6, 2, 64, 1, 2e-5",
        "FP32, 6, 2, 64, 50, 2e-5",
        "FP32, 5, 1, 40, 81, 2e-5",
        "FP32, 3, 3, 6, 112, 2e-5",
        "FP32, 2, 2, 84, 99, 2e-5",
        "BF16, 9, 3, 64, 97, 2e-2",
        "BF16, 4, 4, 48, 64, 2e-2",
        "BF16, 2, 2, 128, 101, 2e-2"
    })
    void takesTheTokenUpAndAttends(DType dtype, int heads, int shared, int size, int length, double tolerance) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1)) {
            Tensor projection = normal(random, dtype, BATCH, 1, (heads + 2L * shared) * size);
            int half = length % 2 == 0 ? size / 2 : Math.max(1, size / 2 - 2); // some heads turn in part
            Tensor cos = normal(random, DType.FP32, BATCH, 1, half), sin = normal(random, DType.FP32, BATCH, 1, half);
            Tensor keys = normal(random, dtype, BATCH, shared, size, SLOTS),
                    values = normal(random, dtype, BATCH, shared, SLOTS, size);
            Tensor oldKeys = keys.copy(), oldValues = values.copy();
            int[] starts = length == 1 ? new int[BATCH] : STARTS;
            HeadLayout layout = new HeadLayout(heads, shared, size);

            Tensor actual = Functions.decodeAttention(
                    projection, layout, List.of(cos, sin), keys, values, length, starts, 0.7 / Math.sqrt(size));

            Tensor qkv = projection.to(DType.FP32).reshape(BATCH, 1, heads + 2L * shared, size); // [B, 1, H + 2K, d]
            Tensor q = Functions.rotate(qkv.narrow(2, 0, heads), cos, sin).transpose(1, 2); // [B, H, 1, d]
            Tensor k = Functions.rotate(qkv.narrow(2, heads, shared), cos, sin).transpose(1, 2); // [B, K, 1, d]
            Tensor v = qkv.narrow(2, heads + shared, shared).transpose(1, 2); // [B, K, 1, d]
            oldKeys.narrow(3, length - 1, 1).copyInPlace(k.transpose(2, 3));
            oldValues.narrow(2, length - 1, 1).copyInPlace(v);
            close(keys, oldKeys, tolerance);
            close(values, oldValues, tolerance);
            Tensor allKeys = oldKeys.to(DType.FP32).narrow(3, 0, length).transpose(2, 3); // [B, K, S, d]
            Tensor allValues = oldValues.to(DType.FP32).narrow(2, 0, length); // [B, K, S, d]
            Tensor expected = Functions.attention(
                    q, allKeys, allValues, bias(starts, length), 0.7 / Math.sqrt(size), new SoftCap.None());
            close(actual, expected.transpose(1, 2).reshape(BATCH, 1, (long) heads * size), tolerance);
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
