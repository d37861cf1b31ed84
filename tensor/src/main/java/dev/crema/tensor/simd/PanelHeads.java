package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.MEMORY;

import dev.crema.tensor.machine.Panels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where a cache's keys and values lie, in panels of w columns as {@link dev.crema.tensor.machine.Tile} reads them.
 *
 * <p>A row and one of its heads of keys and values have a number, {@code row K + head}. Of each, keys lie as
 * {@code [slots / w, d / p, w, p]} and values as {@code [⌈d / w⌉, slots / p, w, p]}, where p numbers make 32 bits: one in
 * fp32, two in bf16.
 *
 * @param keys address
 * @param values address
 * @param wide whether elements are fp32, else bf16
 * @param shared K heads of keys and values
 * @param size d of a head, a multiple of p
 * @param slots tokens for which a row has room, a multiple of w
 */
public record PanelHeads(long keys, long values, boolean wide, int shared, int size, int slots) {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    /** Elements that make 32 bits. */
    int pair() {
        return wide ? 1 : 2;
    }

    /** Bytes of an element. */
    int bytes() {
        return wide ? 4 : 2;
    }

    /** Returns where the panel of keys begins that holds a slot. */
    long keys(long head, int slot) {
        long panel = head * (slots / Panels.COLUMNS) + slot / Panels.COLUMNS;
        return keys + panel * (size / pair()) * Panels.STEP;
    }

    /** Returns where a step of the panel of values begins that holds a dimension. */
    long values(long head, int dimension, int step) {
        long panel = head * Math.ceilDiv(size, Panels.COLUMNS) + dimension / Panels.COLUMNS;
        return values + (panel * (slots / pair()) + step) * Panels.STEP;
    }

    void appendKey(long head, int slot, float[] key) {
        long at = keys(head, slot) + slot % Panels.COLUMNS * 4L;
        int pair = pair(), bytes = bytes();
        for (int i = 0; i < size; i += pair, at += Panels.STEP) {
            for (int k = 0; k < pair; k++) Lanes.storeScalar(wide, at + (long) k * bytes, key[i + k]);
        }
    }

    /** @param key address of d elements side by side */
    private void appendKey(long head, int slot, long key) {
        long at = keys(head, slot) + slot % Panels.COLUMNS * 4L;
        for (int i = 0; i < size / pair(); i++, at += Panels.STEP) MEMORY.set(INT, at, MEMORY.get(INT, key + 4L * i));
    }

    /** @param value address of d elements side by side */
    void appendValue(long head, int slot, long value) {
        int bytes = bytes();
        long from = value;
        for (int i = 0; i < size; i += Panels.COLUMNS) {
            long at = values(head, i, slot / pair()) + (long) (slot % pair()) * bytes;
            int columns = Math.min(Panels.COLUMNS, size - i);
            for (int c = 0; c < columns; c++, at += 4, from += bytes) {
                Lanes.storeScalar(wide, at, Lanes.loadScalar(wide, from));
            }
        }
    }

    /**
     * Copies rows to the first rows of a cache as large, or of this one, where rows then come in rising order.
     *
     * @param used slots in use
     */
    public void select(long[] rows, int used, PanelHeads to) {
        Crew.run(shared, 1, (part, head) -> {
            for (int i = 0; i < rows.length; i++) {
                long source = rows[i] * shared + head, target = (long) i * shared + head;
                if (to.keys(target, 0) != keys(source, 0)) copy(source, used, to, target);
            }
        });
    }

    private void copy(long source, int used, PanelHeads to, long target) {
        long keyBytes = (long) Math.ceilDiv(used, Panels.COLUMNS) * (size / pair()) * Panels.STEP;
        MemorySegment.copy(MEMORY, keys(source, 0), MEMORY, to.keys(target, 0), keyBytes);
        long valueBytes = (long) Math.ceilDiv(used, pair()) * Panels.STEP;
        long rest = (long) (slots / pair()) * Panels.STEP - valueBytes;
        for (int i = 0; i < size; i += Panels.COLUMNS) {
            long at = to.values(target, i, 0);
            MemorySegment.copy(MEMORY, values(source, i, 0), MEMORY, at, valueBytes);
            // The second of a pair of tokens is multiplied with zero before it is there.
            if (!wide) MEMORY.asSlice(at + valueBytes, rest).fill((byte) 0);
        }
    }

    /**
     * Writes tokens into the slots from {@code slot} on.
     *
     * @param newKeys address of {@code [B K, T, d]}
     * @param newValues the same
     * @param heads B K
     * @param tokens T
     */
    public void append(int slot, long newKeys, long newValues, int heads, int tokens) {
        Crew.run(heads, 1, (part, head) -> {
            for (int t = 0; t < tokens; t++) {
                long offset = (head * tokens + t) * size * bytes();
                appendKey(head, slot + t, newKeys + offset);
                appendValue(head, slot + t, newValues + offset);
            }
        });
    }
}
