package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.I;
import static dev.crema.tensor.simd.Lanes.MEMORY;
import static dev.crema.tensor.simd.Lanes.N;
import static dev.crema.tensor.simd.Lanes.S;

import dev.crema.tensor.machine.Panels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** Rearranges matrices into {@link Panels}. */
public final class PanelPacking {
    /** Steps of columns that are rearranged at a time, so that what is written stays in the first cache. */
    private static final int BLOCK = 16;

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
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
        for (int step = 0; step < to.steps(); step += BLOCK) {
            int count = Math.min(BLOCK, to.steps() - step);
            long at = to.step(panel, step), source = from + first * columnBytes + 4L * step;
            for (int c = 0; c < width; c++) packColumn(source + c * columnBytes, at + 4L * c, count);
            for (int c = width; c < Panels.COLUMNS; c++) clearColumn(at + 4L * c, count);
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
     * Packs a matrix whose rows lie without gaps, each row a part of the sum.
     *
     * @param pairs whether it is in bf16, of which two rows make a step, else fp32
     * @param from address of the first row
     * @param rowBytes from a row to the next
     * @param count rows; the last of an odd number makes a pair with zeros
     * @param begin what the sums of each column begin with
     */
    public static void rows(Panels to, boolean pairs, long from, long rowBytes, int count, float[] begin) {
        for (int panel = 0; panel < to.count(); panel++) begin(to, panel, begin);
        Crew.run(to.steps(), BLOCK, (part, step) -> {
            // Panel after panel, so that a row is read from one end to the other.
            if (pairs) packPairs(to, (int) step, from + 2 * step * rowBytes, rowBytes, 2 * step + 1 < count);
            else packRow(to, (int) step, from + step * rowBytes);
        });
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

    private static void packPairs(Panels to, int step, long row, long rowBytes, boolean both) {
        int whole = both ? to.columns() / Panels.COLUMNS : 0;
        for (int panel = 0; panel < whole; panel++) {
            long at = row + (long) panel * Panels.STEP / 2;
            packPair(at, at + rowBytes, to.step(panel, step));
        }
        for (int panel = whole; panel < to.count(); panel++) {
            packPart(row + (long) panel * Panels.STEP / 2, rowBytes, both, to.width(panel), to.step(panel, step));
        }
    }

    private static void packPair(long one, long other, long to) {
        for (int c = 0; c < Panels.COLUMNS; c += N) {
            IntVector low = wide(one + 2L * c), high = wide(other + 2L * c).lanewise(VectorOperators.LSHL, 16);
            low.or(high).intoMemorySegment(MEMORY, to + 4L * c, ORDER);
        }
    }

    private static IntVector wide(long address) {
        ShortVector half = ShortVector.fromMemorySegment(S, MEMORY, address, ORDER);
        return (IntVector) half.convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
    }

    private static void packPart(long row, long rowBytes, boolean both, int width, long to) {
        for (int c = 0; c < Panels.COLUMNS; c++) {
            int low = c < width ? MEMORY.get(SHORT, row + 2L * c) & 0xFFFF : 0;
            int high = both && c < width ? MEMORY.get(SHORT, row + rowBytes + 2L * c) << 16 : 0;
            MEMORY.set(INT, to + 4L * c, low | high);
        }
    }

    private static void clear(long at, long bytes) {
        MEMORY.asSlice(at, bytes).fill((byte) 0);
    }
}
