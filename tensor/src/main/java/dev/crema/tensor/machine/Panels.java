package dev.crema.tensor.machine;

/**
 * A matrix of a product, rearranged as {@link Tile} reads it: panels of two vectors' columns, one after the other.
 *
 * <p>A panel holds what its sums begin with, in fp32, and then step by step 32 bits of each column: one number in fp32,
 * two in bf16 that follow each other along the sum. What lies beyond the last column is zero.
 *
 * @param address of the first panel
 * @param columns of the product
 * @param steps of a sum
 */
public record Panels(long address, int columns, int steps) {
    /** Columns of a panel. */
    public static final int COLUMNS = 2 * Vectors.LANES;

    /** Bytes of what a step has of a column. */
    public static final int NUMBER = 4;

    /** Bytes of a step. */
    public static final int STEP = COLUMNS * NUMBER;

    public Panels {
        if (columns < 1 || steps < 1) {
            throw new IllegalArgumentException("panels of " + columns + " columns and " + steps + " steps cannot be");
        }
    }

    /** Returns how much memory panels take. */
    public static long bytes(int columns, int steps) {
        return (long) Math.ceilDiv(columns, COLUMNS) * (steps + 1) * STEP;
    }

    /** Returns the number of panels. */
    public int count() {
        return Math.ceilDiv(columns, COLUMNS);
    }

    /** Returns where a panel begins. */
    public long panel(int index) {
        return address + (long) index * (steps + 1) * STEP;
    }

    /** Returns where a step of a panel begins. */
    public long step(int index, int step) {
        return panel(index) + (step + 1L) * STEP;
    }

    /** Returns how many columns of a panel belong to the product. */
    public int width(int index) {
        return Math.min(COLUMNS, columns - index * COLUMNS);
    }
}
