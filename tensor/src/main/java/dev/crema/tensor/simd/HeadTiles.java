package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.MEMORY;

import dev.crema.tensor.machine.DotTile;
import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;
import java.lang.foreign.MemorySegment;

/**
 * The products of {@link HeadProducts} by machine code: a head's part of the weight is read from memory once, however many
 * rows there are.
 */
public final class HeadTiles {
    private static final long NOTHING = 0; // added to a tile's sums

    private final HeadProducts products;

    public HeadTiles(HeadProducts products) {
        this.products = products;
    }

    /** Tells whether {@link #writeRows} can write so many columns: in bf16, numbers are taken in pairs. */
    public boolean multipliesRows(int columns) {
        return columns % Panels.COLUMNS == 0 && (products.wide() || products.inner() % 2 == 0);
    }

    /** Tells whether {@link #writeColumns} can write so many columns. */
    public boolean multipliesColumns(int columns) {
        return columns % DotTile.MOST_WEIGHTS == 0 && products.weightBytes() % DotTile.STEP == 0;
    }

    /** Returns how much memory {@link #writeColumns} computes in. */
    public long scratchBytes() {
        return parts() * (gatheredBytes() + sumBytes());
    }

    private int parts() {
        return Crew.parts(products.heads(), 1);
    }

    private long gatheredBytes() {
        return (long) DotTile.MOST_ROWS * products.weightBytes();
    }

    private static long sumBytes() {
        return (long) DotTile.MOST_ROWS * DotTile.MOST_WEIGHTS * DotTile.STEP;
    }

    /** Writes {@code y [n H, O]}, where a head's part of the weight is {@code [I, O]}: {@code y = x w}. */
    public void writeRows(Rows y) {
        int bytes = products.wide() ? 4 : 2, heads = products.heads();
        Crew.run(heads, 1, (part, head) -> {
            Rows matrix = products.part(head, products.inner()), x = products.rows(head);
            for (int column = 0; column < y.columns(); column += Panels.COLUMNS) {
                for (int row = 0; row < x.count(); row += Tile.MOST_ROWS) {
                    int count = (int) Math.min(Tile.MOST_ROWS, x.count() - row);
                    long to = y.at(head + (long) row * heads, column), right = matrix.at(0, column);
                    long apart = (long) heads * y.stride() * bytes, next = matrix.at(0, column + Panels.COLUMNS);
                    tile(count, x, matrix).run(x.at(row, 0), right, steps(), to, apart, next, NOTHING);
                }
            }
        });
    }

    private int steps() {
        return products.wide() ? products.inner() : products.inner() / 2;
    }

    private Tile.Code tile(int rows, Rows x, Rows matrix) {
        int bytes = products.wide() ? 4 : 2, rowBytes = Math.toIntExact(x.stride() * bytes);
        Result result = products.wide() ? Result.FP32 : Result.BF16;
        var right = new Tile.Right.Rows(Math.toIntExact(matrix.stride() * bytes));
        return new Tile(rows, Panels.COLUMNS, rowBytes, 4, !products.wide(), right, result).code();
    }

    /**
     * Writes {@code y [n H, O]}, where a head's part of the weight is {@code [O, I]}: {@code y = x wᵀ}.
     *
     * @param memory address of {@link #scratchBytes} bytes
     */
    public void writeColumns(Rows y, long memory) {
        Crew.runParts(products.heads(), parts(), (part, head) -> {
            Rows matrix = products.part(head, y.columns()), x = products.rows(head);
            long gathered = memory + part * (gatheredBytes() + sumBytes()), sums = gathered + gatheredBytes();
            for (int from = 0; from < x.count(); from += DotTile.MOST_ROWS) {
                int count = (int) Math.min(DotTile.MOST_ROWS, x.count() - from);
                for (int i = 0; i < count; i++) {
                    long to = gathered + (long) i * products.weightBytes();
                    MemorySegment.copy(MEMORY, x.at(from + i, 0), MEMORY, to, products.weightBytes());
                }
                writeColumns(matrix, gathered, count, sums, y, head + (long) from * products.heads());
            }
        });
    }

    private void writeColumns(Rows matrix, long x, int count, long sums, Rows y, long row) {
        int weights = DotTile.weights(count);
        DotTile.Code tile = new DotTile(count, weights, products.weightBytes(), !products.wide()).code();
        for (int o = 0; o < y.columns(); o += weights) {
            tile.run(x, matrix.at(o, 0), products.weightBytes() / DotTile.STEP, sums);
            for (int i = 0; i < count * weights; i++) {
                float sum = Lanes.sum(Lanes.load(true, sums + (long) i * DotTile.STEP));
                y.set(row + (long) (i / weights) * products.heads(), o + i % weights, sum);
            }
        }
    }
}
