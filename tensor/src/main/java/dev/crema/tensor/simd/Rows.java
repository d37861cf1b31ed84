package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * A matrix in native memory, in fp32 or bf16, whose rows may lie apart.
 *
 * @param address of the first element
 * @param wide whether elements are fp32, else bf16
 * @param count number of rows
 * @param columns elements of a row, which lie side by side
 * @param stride elements from one row to the next
 */
public record Rows(long address, boolean wide, long count, int columns, long stride) {
    /** Returns the rows of a segment without gaps. */
    public static Rows of(MemorySegment memory, boolean wide, long count, int columns) {
        if (memory.byteSize() != count * columns * (wide ? 4 : 2)) {
            throw new IllegalArgumentException(
                    "a segment of " + memory.byteSize() + " bytes is no " + count + " x " + columns);
        }
        return new Rows(memory.address(), wide, count, columns, columns);
    }

    /** Returns some columns of each row. */
    Rows part(int from, int length) {
        return new Rows(at(0, from), wide, count, length, stride);
    }

    long at(long row, int column) {
        return address + (row * stride + column) * (wide ? 4 : 2);
    }

    FloatVector load(long row, int column) {
        return Lanes.load(wide, at(row, column));
    }

    void store(long row, int column, FloatVector value) {
        Lanes.store(wide, at(row, column), value);
    }

    /** Copies a row, as fp32, to where {@code at} is. */
    public void read(long row, float[] to, int at) {
        int bound = F.loopBound(columns);
        for (int i = 0; i < bound; i += N) load(row, i).intoArray(to, at + i);
        for (int i = bound; i < columns; i++) to[at + i] = get(row, i);
    }

    /** Writes {@code count} numbers into a row, from {@code column} on. */
    void write(long row, int column, float[] from, int at, int count) {
        int bound = F.loopBound(count);
        for (int i = 0; i < bound; i += N) store(row, column + i, FloatVector.fromArray(F, from, at + i));
        for (int i = bound; i < count; i++) set(row, column + i, from[at + i]);
    }

    float get(long row, int column) {
        return Lanes.loadScalar(wide, at(row, column));
    }

    void set(long row, int column, float value) {
        Lanes.storeScalar(wide, at(row, column), value);
    }
}
