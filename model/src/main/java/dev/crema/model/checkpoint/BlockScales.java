package dev.crema.model.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.crema.model.checkpoint.StoredWeights.Fp8Blocks;
import dev.crema.tensor.Scope;
import java.lang.foreign.MemorySegment;

/**
 * Turns the codes of a matrix in FP8 into FP32: each is its number times the scale of its block.
 *
 * <p>A code of E4M3 is a sign, four bits of exponent e and three of mantissa m: {@code (1 + m/8) 2^(e - 7)}, or where e is
 * 0, {@code m/8 2^-6}. There is no infinity; the largest code is no number, so the largest number is 448 (Micikevicius et
 * al., "FP8 Formats for Deep Learning", 2022).
 *
 * @param scales one for each block, row by row
 * @param columns of the matrix
 */
record BlockScales(float[] scales, Fp8Blocks block, long columns) {
    private static final float[] NUMBERS = new float[256];

    static {
        for (int code = 0; code < NUMBERS.length; code++) NUMBERS[code] = number(code);
    }

    static BlockScales of(Safetensors.Entry scale, Fp8Blocks block, long columns) {
        try (Scope scope = Scope.open()) {
            return new BlockScales(scale.tensor().toFloats(), block, columns);
        }
    }

    /** Returns the number that a code of E4M3 stands for. */
    private static float number(int code) {
        int exponent = code >> 3 & 15, mantissa = code & 7;
        if (exponent == 15 && mantissa == 7) return Float.NaN;
        float size = exponent == 0 ? Math.scalb(mantissa, -9) : Math.scalb(8 + mantissa, exponent - 10);
        return code < 128 ? size : -size;
    }

    /**
     * Decodes whole rows.
     *
     * @param codes of the rows from {@code firstRow} on
     * @param values receives as many FP32
     */
    void decode(MemorySegment codes, long firstRow, MemorySegment values) {
        long rows = codes.byteSize() / columns, across = Math.ceilDiv(columns, block.columns());
        for (long row = 0; row < rows; row++) {
            long scaleRow = (firstRow + row) / block.rows() * across;
            for (long column = 0, of = 0; column < columns; column += block.columns(), of++) {
                int count = (int) Math.min(block.columns(), columns - column);
                decode(codes, values, row * columns + column, count, scales[Math.toIntExact(scaleRow + of)]);
            }
        }
    }

    private static void decode(MemorySegment codes, MemorySegment values, long from, int count, float scale) {
        for (int i = 0; i < count; i++) {
            float number = NUMBERS[codes.get(JAVA_BYTE, from + i) & 0xFF];
            values.setAtIndex(JAVA_FLOAT, from + i, number * scale);
        }
    }
}
