package dev.crema.tensor.simd;

import dev.crema.tensor.machine.DotTile;
import dev.crema.tensor.simd.FewRowsProduct.Bias;

/**
 * The product of rows with a weight as it lies, as {@link FewRowsProduct} has it, by machine code.
 *
 * <p>With more rows than a tile takes, tile after tile multiplies the same few rows of the weight, which are in the first
 * cache by then.
 */
public final class DotProducts {
    private static final long GRAIN = 8;

    private final Rows x;
    private final Rows weight;
    private final int steps;

    /**
     * @param x {@code [n, I]} in the weight's type
     * @param weight {@code [O, I]}; rows of both lie without gaps
     */
    public DotProducts(Rows x, Rows weight) {
        if (x.columns() != weight.columns() || x.wide() != weight.wide()) {
            throw new IllegalArgumentException(x + " and " + weight + " are not multiplied here");
        }
        this.x = x;
        this.weight = weight;
        this.steps = rowBytes() / DotTile.STEP;
    }

    /** Tells whether rows are long enough. */
    public static boolean fit(int columns, boolean wide) {
        return columns * (wide ? 4 : 2) >= DotTile.STEP;
    }

    private int rowBytes() {
        return weight.columns() * (weight.wide() ? 4 : 2);
    }

    /** Returns how much memory {@link #write} computes in. */
    public long scratchBytes() {
        return parts() * partBytes();
    }

    private long partBytes() {
        return (long) rows() * weights() * DotTile.STEP;
    }

    private long blocks() {
        return Math.ceilDiv(weight.count(), weights());
    }

    /** Returns the rows of x that a tile multiplies. */
    private int rows() {
        return (int) Math.min(x.count(), DotTile.MOST_ROWS);
    }

    /** Returns the rows of the weight that a tile multiplies. */
    private int weights() {
        return DotTile.weights(rows());
    }

    private int parts() {
        return Crew.parts(blocks(), GRAIN);
    }

    /**
     * Writes the product.
     *
     * @param y {@code [n, O]}
     * @param memory address of {@link #scratchBytes} bytes
     */
    public void write(Bias bias, Rows y, long memory) {
        if (x.count() == 0) return;
        int rows = rows(), weights = weights();
        int lastRows = (int) ((x.count() - 1) % rows) + 1, lastWeights = (int) ((weight.count() - 1) % weights) + 1;
        Tiles whole = new Tiles(code(rows, weights), code(lastRows, weights));
        Tiles rest = new Tiles(code(rows, lastWeights), code(lastRows, lastWeights));
        Crew.runParts(blocks(), parts(), (part, block) -> {
            boolean last = block == blocks() - 1;
            long sums = memory + part * partBytes();
            int o = (int) block * weights, count = last ? lastWeights : weights;
            for (int row = 0; row < x.count(); row += rows) {
                boolean end = row + rows >= x.count();
                (last ? rest : whole).of(end).run(x.at(row, 0), weight.at(o, 0), steps, sums);
                add(sums, row, end ? lastRows : rows, o, count, bias, y);
            }
        });
    }

    /** The code for some rows of the weight, with as many rows of x as a tile takes and with those that are left. */
    private record Tiles(DotTile.Code inner, DotTile.Code end) {
        DotTile.Code of(boolean last) {
            return last ? end : inner;
        }
    }

    /** Adds up the lanes of a tile's sums, and what belongs to them. */
    private void add(long sums, int row, int rows, int o, int weights, Bias bias, Rows y) {
        for (int i = 0; i < rows; i++) {
            for (int w = 0; w < weights; w++) {
                float sum = Lanes.sum(Lanes.load(true, sums + (long) (i * weights + w) * DotTile.STEP));
                y.set(row + i, o + w, sum + tail(row + i, o + w) + bias.at(o + w));
            }
        }
    }

    private DotTile.Code code(int rows, int weights) {
        return new DotTile(rows, weights, rowBytes(), !weight.wide()).code();
    }

    /** Returns what is left of a product behind the last whole step. */
    private float tail(int row, int o) {
        float sum = 0;
        for (int i = steps * DotTile.STEP / (weight.wide() ? 4 : 2); i < weight.columns(); i++) {
            sum += x.get(row, i) * weight.get(o, i);
        }
        return sum;
    }
}
