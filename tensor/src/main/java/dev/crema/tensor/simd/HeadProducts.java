package dev.crema.tensor.simd;

import dev.crema.tensor.machine.DotTile;

/**
 * Products of a few rows, each of several heads, with a matrix that each head has for itself.
 *
 * <p>Reading the matrices is all that they cost. They lie one below the other, and each head takes part of its own: the
 * library would copy that part first.
 */
public final class HeadProducts {
    private static final long SUMS = DotTile.WEIGHTS * (long) DotTile.STEP;

    private final Rows x;
    private final Rows weight;
    private final int heads;
    private final int from;

    /**
     * @param x {@code [n H, I]}
     * @param weight {@code [H P, O]} for {@link #writeRows}, {@code [H P, I]} for {@link #writeColumns}
     * @param from the first row of a head's P that takes part
     */
    public HeadProducts(Rows x, Rows weight, int heads, int from) {
        this.x = x;
        this.weight = weight;
        this.heads = heads;
        this.from = from;
    }

    /** Writes {@code y [n H, O]}, where a head's part of the weight is {@code [I, O]}: {@code y = x w}. */
    public void writeRows(Rows y) {
        Crew.run(heads, 1, (part, head) -> {
            Rows matrix = part(head, x.columns());
            float[] in = new float[x.columns()], out = new float[y.columns()];
            for (long row = head; row < x.count(); row += heads) {
                x.read(row, in, 0);
                VectorProduct.write(in, 0, matrix, 0, out.length, out, 0);
                y.write(row, 0, out, 0, out.length);
            }
        });
    }

    /** Writes {@code y [n H, O]}, where a head's part of the weight is {@code [O, I]}: {@code y = x wᵀ}. */
    public void writeColumns(Rows y) {
        Crew.run(heads, 1, (part, head) -> {
            Rows matrix = part(head, y.columns());
            float[] in = new float[x.columns()];
            for (long row = head; row < x.count(); row += heads) {
                x.read(row, in, 0);
                for (int o = 0; o < y.columns(); o++) y.set(row, o, FewRowsProduct.dot(matrix, o, in, 0));
            }
        });
    }

    /** Tells whether {@link #writeColumns(Rows, long)} can write so many columns. */
    public boolean dots(int columns) {
        return columns % DotTile.WEIGHTS == 0 && rowBytes() % DotTile.STEP == 0;
    }

    private int rowBytes() {
        return weight.columns() * (weight.wide() ? 4 : 2);
    }

    /** Returns how much memory {@link #writeColumns(Rows, long)} computes in. */
    public long scratchBytes() {
        return Crew.parts(heads, 1) * SUMS;
    }

    /**
     * The same as {@link #writeColumns(Rows)} by machine code.
     *
     * @param memory address of {@link #scratchBytes} bytes
     */
    public void writeColumns(Rows y, long memory) {
        DotTile.Code tile = new DotTile(1, DotTile.WEIGHTS, rowBytes(), !weight.wide()).code();
        long steps = rowBytes() / DotTile.STEP;
        Crew.runParts(heads, Crew.parts(heads, 1), (part, head) -> {
            Rows matrix = part(head, y.columns());
            long sums = memory + part * SUMS;
            for (long row = head; row < x.count(); row += heads) {
                for (int o = 0; o < y.columns(); o += DotTile.WEIGHTS) {
                    tile.run(x.at(row, 0), matrix.at(o, 0), steps, sums);
                    for (int w = 0; w < DotTile.WEIGHTS; w++) {
                        y.set(row, o + w, Lanes.sum(Lanes.load(true, sums + (long) w * DotTile.STEP)));
                    }
                }
            }
        });
    }

    private Rows part(long head, int rows) {
        long each = weight.count() / heads;
        return new Rows(weight.at(head * each + from, 0), weight.wide(), rows, weight.columns(), weight.stride());
    }
}
