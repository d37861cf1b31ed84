package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.I;
import static dev.crema.tensor.simd.Lanes.MEMORY;
import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.RowCopy;
import dev.crema.tensor.machine.Transposition;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;

/** Rearranges matrices into {@link Panels}. */
public final class PanelPacking {
    /** Columns, and steps of them, that are rearranged at a time, so that what is written stays in the first cache. */
    private static final int BLOCK = Transposition.LANES;

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private PanelPacking() {}

    /**
     * Packs a matrix whose columns lie without gaps along the sum, as those of a transposed weight do.
     *
     * @param from address of the first column
     * @param columnBytes from a column to the next
     * @param begin what the sums of each column begin with
     */
    public static void columns(Panels to, long from, long columnBytes, float[] begin) {
        Crew.run(to.count(), 1, (part, panel) -> packColumns(to, (int) panel, from, columnBytes, begin));
    }

    private static void packColumns(Panels to, int panel, long from, long columnBytes, float[] begin) {
        int width = to.width(panel), first = panel * Panels.COLUMNS;
        begin(to, panel, begin);
        pack(to.step(panel, 0), from + first * columnBytes, columnBytes, width, to.steps());
    }

    /** Packs {@code width} columns, from the first step of a panel on. */
    static void pack(long to, long from, long columnBytes, int width, int steps) {
        int blocks = steps / BLOCK, transposed = blocks == 0 ? 0 : width / BLOCK * BLOCK;
        for (int c = 0; c < transposed; c += BLOCK) {
            Transposition.run(from + c * columnBytes, columnBytes, to + 4L * c, blocks);
        }
        for (int step = 0; step < steps; step += BLOCK) {
            int count = Math.min(BLOCK, steps - step), begin = count == BLOCK ? transposed : 0;
            long at = to + (long) step * Panels.STEP, source = from + 4L * step;
            for (int c = begin; c < width; c++) packColumn(source + c * columnBytes, at + 4L * c, count);
            for (int c = width; c < Panels.COLUMNS; c++) clearColumn(at + 4L * c, count);
        }
    }

    /** Packs {@code width} numbers of each of {@code steps} rows, from the first step of a panel on. */
    static void packRows(long to, long from, long rowBytes, int width, int steps) {
        if (width == Panels.COLUMNS) {
            new RowCopy(Panels.STEP).code().run(from, rowBytes, to, Panels.STEP, steps);
            return;
        }
        long bytes = (long) width * Panels.NUMBER;
        for (int step = 0; step < steps; step++) {
            long at = to + (long) step * Panels.STEP;
            MemorySegment.copy(MEMORY, from + step * rowBytes, MEMORY, at, bytes);
            clear(at + bytes, Panels.STEP - bytes);
        }
    }

    private static void begin(Panels to, int panel, float[] begin) {
        int width = to.width(panel), first = panel * Panels.COLUMNS;
        for (int c = 0; c < Panels.COLUMNS; c++) {
            MEMORY.set(FLOAT, to.panel(panel) + 4L * c, c < width ? begin[first + c] : 0);
        }
    }

    private static void packColumn(long from, long to, int count) {
        for (int k = 0; k < count; k++) MEMORY.set(INT, to + (long) k * Panels.STEP, MEMORY.get(INT, from + 4L * k));
    }

    private static void clearColumn(long to, int count) {
        for (int k = 0; k < count; k++) MEMORY.set(INT, to + (long) k * Panels.STEP, 0);
    }

    /**
     * Packs a matrix in fp32 whose rows lie without gaps, each row a step of the sum.
     *
     * @param from address of the first row
     * @param rowBytes from a row to the next
     * @param begin what the sums of each column begin with
     */
    public static void rows(Panels to, long from, long rowBytes, float[] begin) {
        for (int panel = 0; panel < to.count(); panel++) begin(to, panel, begin);
        // Panel after panel, so that a row is read from one end to the other.
        Crew.run(to.steps(), BLOCK, (part, step) -> packRow(to, (int) step, from + step * rowBytes));
    }

    private static void packRow(Panels to, int step, long row) {
        int whole = to.columns() / Panels.COLUMNS;
        for (int panel = 0; panel < whole; panel++) copyStep(row + (long) panel * Panels.STEP, to.step(panel, step));
        if (whole == to.count()) return;
        long bytes = to.width(whole) * 4L, at = to.step(whole, step);
        MemorySegment.copy(MEMORY, row + (long) whole * Panels.STEP, MEMORY, at, bytes);
        clear(at + bytes, Panels.STEP - bytes);
    }

    private static void copyStep(long from, long to) {
        for (int c = 0; c < Panels.STEP; c += N * 4) {
            IntVector.fromMemorySegment(I, MEMORY, from + c, ORDER).intoMemorySegment(MEMORY, to + c, ORDER);
        }
    }

    private static void clear(long at, long bytes) {
        MEMORY.asSlice(at, bytes).fill((byte) 0);
    }
}
