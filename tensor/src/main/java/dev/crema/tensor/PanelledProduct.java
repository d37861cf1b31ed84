package dev.crema.tensor;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.simd.PanelPacking;
import dev.crema.tensor.simd.PanelProduct;
import dev.crema.tensor.simd.PanelProduct.Left;

/**
 * Products of two large matrices {@code [m, k]} and {@code [k, n]} in fp32 by {@link PanelProduct}.
 *
 * <p>The right side is rearranged first, which costs little beside the product when there are many rows. A left side that
 * is transposed, as in the gradient of a weight, is rearranged too. A long sum is taken in parts, so that two panels fit in
 * the second cache. In bf16 the same was no faster than oneDNN's products, which are libtorch's.
 */
final class PanelledProduct {
    private static final int BYTES = 4; // of an element

    /** Steps of a sum of which two panels fit in the second cache. */
    private static final int MOST_STEPS = 2048;

    /** Multiplications below which rearranging does not pay. */
    private static final long WORTHWHILE = 1 << 21;

    /** Rows below which rearranging does not pay. */
    private static final long FEW_ROWS = 64;

    /** Bytes of the first cache from one place to the next of its kind, and how many of them there are. */
    private static final long CACHE_WAY = 4096, CACHE_WAYS = 8;

    private static final long CACHE_LINE = 64;

    private final Tensor a;
    private final Tensor b;
    private final int m;
    private final int n;

    private PanelledProduct(Tensor a, Tensor b) {
        this.a = a;
        this.b = b;
        this.m = Math.toIntExact(a.size(0));
        this.n = Math.toIntExact(b.size(1));
    }

    /** Tells whether this is the way to multiply two matrices that are on the CPU in FP32. */
    static boolean fits(Tensor a, Tensor b) {
        return SimdRows.tiles(DType.FP32)
                && a.rank() == 2
                && b.rank() == 2
                && a.size(0) >= FEW_ROWS
                && a.size(0) * a.size(1) * b.size(1) >= WORTHWHILE
                && (stride(a, 0) == 1 || stride(a, 1) == 1)
                && (stride(b, 0) == 1 || stride(b, 1) == 1);
    }

    /**
     * Writes {@code a b} to {@code c}, or adds it.
     *
     * @param c {@code [m, n]} contiguous
     */
    static void multiply(Tensor a, Tensor b, Tensor c, boolean add) {
        PanelledProduct product = new PanelledProduct(a, b);
        product.write(c, new float[product.n], add ? Result.FP32_ADDED : Result.FP32);
    }

    /** Writes {@code a b}, with the same {@code bias [n]} added to each row, to {@code c [m, n]}, which is contiguous. */
    static void multiply(Tensor a, Tensor b, Tensor bias, Tensor c) {
        new PanelledProduct(a, b).write(c, bias.toFloats(), Result.FP32);
    }

    private void write(Tensor c, float[] begin, Result first) {
        int steps = Math.toIntExact(a.size(1)), parts = Math.ceilDiv(steps, MOST_STEPS);
        for (int part = 0; part < parts; part++) {
            int from = (int) ((long) steps * part / parts), count = (int) ((long) steps * (part + 1) / parts) - from;
            try (Scope scope = Scope.open()) {
                float[] bias = part == 0 ? begin : new float[n];
                PanelProduct product = new PanelProduct(packed(b.transpose(0, 1), bias, from, count), false);
                Result result = part == 0 ? first : Result.FP32_ADDED;
                product.run(left(from, count), result, address(c), (long) n * BYTES);
            }
        }
    }

    private Left left(int from, int count) {
        if (stride(a, 1) != 1) return new Left.Columns(packed(a, new float[m], from, count));
        Tensor rows = apart(a.narrow(1, from, count));
        return new Left.Rows(address(rows), m, Math.toIntExact(stride(rows, 0) * BYTES));
    }

    /** Returns rows that do not want the same places of the first cache: copies further apart, if they do. */
    static Tensor apart(Tensor rows) {
        int bytes = rows.dtype().bytes();
        if (Tile.MOST_ROWS < CACHE_WAYS || stride(rows, 0) * bytes % CACHE_WAY != 0) return rows;
        long width = rows.size(1), gap = CACHE_LINE / bytes;
        return Tensors.empty(rows.dtype(), Device.CPU, rows.size(0), width + gap)
                .narrow(1, 0, width)
                .copyInPlace(rows);
    }

    /** Packs some steps of the rows of {@code [columns, k]}, of which each becomes a column of panels. */
    private static Panels packed(Tensor t, float[] begin, int from, int count) {
        int columns = begin.length;
        Tensor memory = Tensors.empty(DType.UINT8, Device.CPU, Panels.bytes(columns, count));
        Panels panels = new Panels(memory.segment().address(), columns, count);
        long first = address(t) + from * stride(t, 1) * BYTES;
        if (stride(t, 1) == 1) PanelPacking.columns(panels, first, stride(t, 0) * BYTES, begin);
        else PanelPacking.rows(panels, first, stride(t, 1) * BYTES, begin);
        return panels;
    }

    private static long stride(Tensor t, int dim) {
        return t.handle.stride(dim);
    }

    private static long address(Tensor t) {
        return t.handle.data_ptr().address();
    }
}
