package dev.crema.text.gguf;

import java.lang.foreign.MemorySegment;

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
}
