package dev.crema.tensor.simd;

import dev.crema.tensor.machine.DotTile;
import dev.crema.tensor.simd.FewRowsProduct.Bias;

/** The product of a few rows with a weight, as {@link FewRowsProduct} has it, by machine code. */
public final class DotProducts {
    private static final long GRAIN = 8;

    private final Rows x;
    private final Rows weight;
    private final int steps;

    /**
     * @param x {@code [n, I]}, at most {@link DotTile#MOST_ROWS}, in the weight's type
     * @param weight {@code [O, I]}; rows of both lie without gaps
     */
    public DotProducts(Rows x, Rows weight) {
        if (x.columns() != weight.columns() || x.count() > DotTile.MOST_ROWS || x.wide() != weight.wide()) {
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
        return x.count() * weights() * DotTile.STEP;
    }

    private long blocks() {
        return Math.ceilDiv(weight.count(), weights());
    }

    /** Returns the rows of the weight that a tile multiplies. */
    private int weights() {
        return DotTile.weights((int) x.count());
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
        int weights = weights(), last = (int) (weight.count() - (blocks() - 1) * weights);
        DotTile.Code whole = code(weights), rest = code(last);
        Crew.runParts(blocks(), parts(), (part, block) -> {
            boolean isLast = block == blocks() - 1;
            int o = (int) block * weights, count = isLast ? last : weights;
            long sums = memory + part * partBytes();
            (isLast ? rest : whole).run(x.at(0, 0), weight.at(o, 0), steps, sums);
            for (int row = 0; row < x.count(); row++) {
                for (int w = 0; w < count; w++) {
                    float sum = Lanes.sum(Lanes.load(true, sums + (long) (row * count + w) * DotTile.STEP));
                    y.set(row, o + w, sum + tail(row, o + w) + bias.at(o + w));
                }
            }
        });
    }

    private DotTile.Code code(int weights) {
        return new DotTile((int) x.count(), weights, rowBytes(), !weight.wide()).code();
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
