package dev.crema.text.gguf;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * One tensor of a GGUF file.
 *
 * @param shape rows first, the innermost dimension last: the reverse of the order in the file
 * @param data its blocks, a slice of the file
 */
public record GgufTensor(String name, GgmlType type, long[] shape, MemorySegment data) {
    /** Count the elements of a row: the innermost dimension. */
    public long columns() {
        return shape[shape.length - 1];
    }

    /** Count the rows: the product of the other dimensions. */
    public long rows() {
        long rows = 1;
        for (int i = 0; i < shape.length - 1; i++) {
            rows *= shape[i];
        }
        return rows;
    }

    /** Give one of the parts that the first dimension counts, such as an expert; of two dimensions or more. */
    public GgufTensor slab(long index) {
        long bytes = data.byteSize() / shape[0];
        return new GgufTensor(
                name, type, Arrays.copyOfRange(shape, 1, shape.length), data.asSlice(index * bytes, bytes));
    }

    /** Give a vector as a matrix of one row. */
    public GgufTensor asRow() {
        return new GgufTensor(name, type, new long[] {1, columns()}, data);
    }
}
