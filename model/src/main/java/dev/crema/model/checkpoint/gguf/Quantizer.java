package dev.crema.model.checkpoint.gguf;

import dev.crema.text.gguf.GgmlType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Turns FP32 into the blocks of a tensor, with the roundings of ggml's reference, so that the bytes are the same.
 *
 * <p>{@code Q8_0}: d is the largest magnitude of 32 elements over 127, q the nearest multiple. {@code Q4_0}: d is the
 * element of largest magnitude over -8, so that this one is met exactly; q goes from -8 to 7.
 *
 * @see <a href="https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-quants.c">ggml-quants.c</a>
 */
final class Quantizer {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Quantizer() {}

    /** Tells whether the type can be written. */
    static boolean writes(GgmlType type) {
        return switch (type) {
            case F32, F16, BF16, Q8_0, Q4_0 -> true;
            case Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K -> false;
        };
    }

    /** Encodes a row of {@code elements}, a whole number of blocks, from index 0 to index 0. */
    static void row(GgmlType type, float[] values, byte[] blocks, int elements) {
        int at = 0; // of the block's first byte
        for (int e = 0; e < elements; e += type.blockElements(), at += type.blockBytes()) {
            switch (type) {
                case F32 -> INT.set(blocks, at, Float.floatToRawIntBits(values[e]));
                case F16 -> SHORT.set(blocks, at, Float.floatToFloat16(values[e]));
                case BF16 -> SHORT.set(blocks, at, bf16(values[e]));
                case Q8_0 -> q80(values, e, blocks, at);
                case Q4_0 -> q40(values, e, blocks, at);
                case Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K ->
                    throw new IllegalArgumentException(type + " is only read");
            }
        }
    }

    /** Rounds to the nearest, ties to even; a NaN stays one. */
    private static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) return (short) (bits >>> 16 | 64);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    private static void q80(float[] values, int e, byte[] blocks, int at) {
        float largest = 0;
        for (int i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(values[e + i]));
        float d = largest / 127, inverse = d == 0 ? 0 : 1 / d;
        SHORT.set(blocks, at, Float.floatToFloat16(d));
        for (int i = 0; i < 32; i++) {
            float x = values[e + i] * inverse;
            // As C's roundf: halves go away from zero.
            blocks[at + 2 + i] = (byte) Math.copySign(Math.floor(Math.abs(x) + 0.5), x);
        }
    }

    private static void q40(float[] values, int e, byte[] blocks, int at) {
        float largest = 0;
        for (int i = 0; i < 32; i++) {
            if (Math.abs(values[e + i]) > Math.abs(largest)) largest = values[e + i];
        }
        float d = largest / -8, inverse = d == 0 ? 0 : 1 / d;
        SHORT.set(blocks, at, Float.floatToFloat16(d));
        for (int i = 0; i < 16; i++) {
            int low = q4(values[e + i] * inverse), high = q4(values[e + i + 16] * inverse);
            blocks[at + 2 + i] = (byte) (low | high << 4);
        }
    }

    private static int q4(float x) {
        return Math.min(15, (int) (x + 8.5f));
    }
}
