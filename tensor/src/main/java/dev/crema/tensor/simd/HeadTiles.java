package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.MEMORY;

import dev.crema.tensor.machine.DotTile;
import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.simd.PanelProduct.Left;
import java.lang.foreign.MemorySegment;

/**
 * The products of {@link HeadProducts} by machine code: a head's part of the weight is read from memory once, however many
 * rows there are.
 */
public final class HeadTiles {
    private static final long LINE = 64;

    private final HeadProducts products;

    public HeadTiles(HeadProducts products) {
        this.products = products;
    }

    /** Tells whether {@link #writeRows} can multiply: in bf16, numbers are taken in pairs. */
    public boolean multipliesRows() {
        return products.wide() || products.inner() % 2 == 0;
    }

    /** Tells whether {@link #writeColumns} can write so many columns. */
    public boolean multipliesColumns(int columns) {
        return columns % DotTile.WEIGHTS == 0 && products.weightBytes() % DotTile.STEP == 0;
    }

    /** Returns how much memory is computed in. */
    public long scratchBytes(int columns) {
        return parts() * Math.max(panelBytes(columns), gatheredBytes() + sumBytes());
    }

    private int parts() {
        return Crew.parts(products.heads(), 1);
    }

    private int steps() {
        return products.wide() ? products.inner() : products.inner() / 2;
    }

    private long panelBytes(int columns) {
        return (Panels.bytes(columns, steps()) + LINE - 1) / LINE * LINE;
    }

    private long gatheredBytes() {
        return (long) DotTile.MOST_ROWS * products.weightBytes();
    }

    private static long sumBytes() {
        return (long) DotTile.MOST_ROWS * DotTile.WEIGHTS * DotTile.STEP;
    }

    /**
     * Writes {@code y [n H, O]}, where a head's part of the weight is {@code [I, O]}: {@code y = x w}.
     *
     * @param memory address of {@link #scratchBytes} bytes, at a multiple of 64
     */
    public void writeRows(Rows y, long memory) {
        int columns = y.columns(), bytes = products.wide() ? 4 : 2;
        Result result = products.wide() ? Result.FP32 : Result.BF16;
        float[] zeros = new float[columns];
        Crew.runParts(products.heads(), parts(), (part, head) -> {
            Rows matrix = products.part(head, products.inner());
            Panels panels = new Panels(memory + part * panelBytes(columns), columns, steps());
            long rowBytes = matrix.stride() * bytes;
            PanelPacking.rows(panels, !products.wide(), matrix.at(0, 0), rowBytes, products.inner(), zeros);
            Rows x = products.rows(head);
            Left left = new Left.Rows(x.at(0, 0), (int) x.count(), Math.toIntExact(x.stride() * bytes));
            long apart = (long) products.heads() * columns * bytes;
            new PanelProduct(panels, !products.wide()).run(left, result, y.at(head, 0), apart);
        });
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
        DotTile.Code tile = new DotTile(count, DotTile.WEIGHTS, products.weightBytes(), !products.wide()).code();
        for (int o = 0; o < y.columns(); o += DotTile.WEIGHTS) {
            tile.run(x, matrix.at(o, 0), products.weightBytes() / DotTile.STEP, sums);
            for (int i = 0; i < count * DotTile.WEIGHTS; i++) {
                float sum = Lanes.sum(Lanes.load(true, sums + (long) i * DotTile.STEP));
                y.set(row + (long) (i / DotTile.WEIGHTS) * products.heads(), o + i % DotTile.WEIGHTS, sum);
            }
        }
    }
}
