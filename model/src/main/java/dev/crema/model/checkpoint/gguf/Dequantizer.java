package dev.crema.model.checkpoint.gguf;

import dev.crema.text.gguf.GgmlType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Turns the blocks of a tensor into FP32, each value exactly as ggml's reference does.
 *
 * <p>A block of 32 holds a scale d, perhaps a least value m, and integers q: the value is {@code d q} or
 * {@code d q + m}. The 4 bits of element i lie in the low half of byte i, those of element i + 16 in the high half; a
 * fifth bit lies in a word of 32. A block of 256 is cut into 8 parts of 32 or 16 parts of 16, each with a scale (and a
 * least value) of 4 to 8 bits that is a multiple of the block's: {@code (d s) q - (dmin m)}.
 *
 * @see <a href="https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-quants.c">ggml-quants.c</a>
 */
final class Dequantizer {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Dequantizer() {}

    /**
     * Decodes a row.
     *
     * @param blocks the row's blocks, from index 0
     * @param values receives the elements, from index 0
     * @param elements how many, a whole number of blocks
     */
    static void row(GgmlType type, byte[] blocks, float[] values, int elements) {
        int at = 0; // of the block's first byte
        for (int e = 0; e < elements; e += type.blockElements(), at += type.blockBytes()) {
            switch (type) {
                case F32 -> values[e] = Float.intBitsToFloat((int) INT.get(blocks, at));
                case F16 -> values[e] = half(blocks, at);
                case BF16 -> values[e] = Float.intBitsToFloat((short) SHORT.get(blocks, at) << 16);
                case Q4_0 -> q40(blocks, at, values, e);
                case Q4_1 -> q41(blocks, at, values, e);
                case Q5_0 -> q50(blocks, at, values, e);
                case Q5_1 -> q51(blocks, at, values, e);
                case Q8_0 -> q80(blocks, at, values, e);
                case Q2_K -> q2k(blocks, at, values, e);
                case Q3_K -> q3k(blocks, at, values, e);
                case Q4_K -> q4k(blocks, at, values, e);
                case Q5_K -> q5k(blocks, at, values, e);
                case Q6_K -> q6k(blocks, at, values, e);
            }
        }
    }

    private static float half(byte[] blocks, int at) {
        return Float.float16ToFloat((short) SHORT.get(blocks, at));
    }

    private static void q40(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at);
        for (int i = 0; i < 16; i++) {
            int b = blocks[at + 2 + i];
            values[e + i] = d * ((b & 15) - 8);
            values[e + i + 16] = d * ((b >> 4 & 15) - 8);
        }
    }

    private static void q41(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at), m = half(blocks, at + 2);
        for (int i = 0; i < 16; i++) {
            int b = blocks[at + 4 + i];
            values[e + i] = d * (b & 15) + m;
            values[e + i + 16] = d * (b >> 4 & 15) + m;
        }
    }

    private static void q50(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at);
        int fifth = (int) INT.get(blocks, at + 2);
        for (int i = 0; i < 16; i++) {
            int b = blocks[at + 6 + i];
            values[e + i] = d * ((b & 15 | (fifth >>> i & 1) << 4) - 16);
            values[e + i + 16] = d * ((b >> 4 & 15 | (fifth >>> i + 16 & 1) << 4) - 16);
        }
    }

    private static void q51(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at), m = half(blocks, at + 2);
        int fifth = (int) INT.get(blocks, at + 4);
        for (int i = 0; i < 16; i++) {
            int b = blocks[at + 8 + i];
            values[e + i] = d * (b & 15 | (fifth >>> i & 1) << 4) + m;
            values[e + i + 16] = d * (b >> 4 & 15 | (fifth >>> i + 16 & 1) << 4) + m;
        }
    }

    private static void q80(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at);
        for (int i = 0; i < 32; i++) values[e + i] = blocks[at + 2 + i] * d;
    }

    /** 16 bytes of scale and least value, 64 of 2 bits, d and dmin. */
    private static void q2k(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at + 80), dmin = half(blocks, at + 82);
        for (int part = 0; part < 16; part++) {
            int scales = blocks[at + part];
            float scale = d * (scales & 15), least = dmin * (scales >> 4 & 15);
            // Two parts share 32 bytes, eight parts (128 elements) their four pairs of bits.
            int bytes = at + 16 + part / 8 * 32 + part % 2 * 16, shift = part % 8 / 2 * 2;
            for (int i = 0; i < 16; i++) {
                values[e + part * 16 + i] = scale * (blocks[bytes + i] >> shift & 3) - least;
            }
        }
    }

    /** 32 bytes of high bits, 64 of 2 bits, 12 of 6-bit scales, d; a high bit that is not set takes 4 away. */
    private static void q3k(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at + 108);
        for (int part = 0; part < 16; part++) {
            int low = blocks[at + 96 + part % 8] >> part / 8 * 4 & 15;
            int high = blocks[at + 104 + part % 4] >> part / 4 * 2 & 3;
            float scale = d * ((low | high << 4) - 32);
            int bytes = at + 32 + part / 8 * 32 + part % 2 * 16, shift = part % 8 / 2 * 2;
            int highBits = at + part % 2 * 16, bit = part / 2;
            for (int i = 0; i < 16; i++) {
                int q = (blocks[bytes + i] >> shift & 3) - ((blocks[highBits + i] >> bit & 1) == 0 ? 4 : 0);
                values[e + part * 16 + i] = scale * q;
            }
        }
    }

    /** d, dmin, 12 bytes of 6-bit scales and least values, 128 of 4 bits. */
    private static void q4k(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at), dmin = half(blocks, at + 2);
        for (int part = 0; part < 8; part++) {
            float scale = d * scale(blocks, at + 4, part), least = dmin * least(blocks, at + 4, part);
            int bytes = at + 16 + part / 2 * 32, shift = part % 2 * 4;
            for (int i = 0; i < 32; i++) {
                values[e + part * 32 + i] = scale * (blocks[bytes + i] >> shift & 15) - least;
            }
        }
    }

    /** d, dmin, 12 bytes of 6-bit scales and least values, 32 of fifth bits, 128 of 4 bits. */
    private static void q5k(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at), dmin = half(blocks, at + 2);
        for (int part = 0; part < 8; part++) {
            float scale = d * scale(blocks, at + 4, part), least = dmin * least(blocks, at + 4, part);
            int bytes = at + 48 + part / 2 * 32, shift = part % 2 * 4;
            for (int i = 0; i < 32; i++) {
                int q = blocks[bytes + i] >> shift & 15 | (blocks[at + 16 + i] >> part & 1) << 4;
                values[e + part * 32 + i] = scale * q - least;
            }
        }
    }

    /** Parts 0 to 3 have six bits of their own; parts 4 to 7 four, and the two that the others leave over. */
    private static int scale(byte[] blocks, int scales, int part) {
        if (part < 4) return blocks[scales + part] & 63;
        return blocks[scales + 4 + part] & 15 | (blocks[scales + part - 4] >> 6 & 3) << 4;
    }

    private static int least(byte[] blocks, int scales, int part) {
        if (part < 4) return blocks[scales + 4 + part] & 63;
        return blocks[scales + 4 + part] >> 4 & 15 | (blocks[scales + part] >> 6 & 3) << 4;
    }

    /** 128 bytes of 4 bits, 64 of 2 bits, 16 scales of a byte, d. */
    private static void q6k(byte[] blocks, int at, float[] values, int e) {
        float d = half(blocks, at + 208);
        for (int part = 0; part < 16; part++) {
            float scale = d * blocks[at + 192 + part];
            int half = part / 8, quarter = part % 8 / 2, side = part % 2 * 16;
            int low = at + half * 64 + quarter % 2 * 32 + side, lowShift = quarter / 2 * 4;
            int high = at + 128 + half * 32 + side, highShift = quarter * 2;
            for (int i = 0; i < 16; i++) {
                int q = blocks[low + i] >> lowShift & 15 | (blocks[high + i] >> highShift & 3) << 4;
                values[e + part * 16 + i] = scale * (q - 32);
            }
        }
    }
}
