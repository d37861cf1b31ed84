package dev.crema.tensor;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.simd.PanelPacking;
import dev.crema.tensor.simd.PanelProduct;
import dev.crema.tensor.simd.PanelProduct.Left;
import java.util.List;

/**
 * A weight laid out as our own matrix product reads it; it owns its memory.
 *
 * <p>Before SwiGLU, a vector's number of rows of each half of the weight take turns, so that a panel has what belongs together.
 */
final class PanelMatrix implements PackedMatrix {
    private final Tensor memory;
    private final PanelProduct product;
    private final DType dtype;
    private final int inner;
    private final int columns;
    private final After after;

    private PanelMatrix(Tensor memory, PanelProduct product, DType dtype, int inner, int columns, After after) {
        this.memory = memory;
        this.product = product;
        this.dtype = dtype;
        this.inner = inner;
        this.columns = columns;
        this.after = after;
    }

    /** Tells whether the product is ours: machine code can run, and of a row, 32 bits are multiplied at a time. */
    static boolean fits(Tensor weight, After after) {
        boolean ours = SimdRows.tiles(weight.dtype())
                && weight.size(1) * weight.dtype().bytes() % Panels.NUMBER == 0
                && weight.isContiguous();
        return switch (after) {
            case NOTHING -> ours;
            case SWIGLU -> ours && weight.size(0) % Panels.COLUMNS == 0;
        };
    }

    static PanelMatrix of(Tensor weight, List<Tensor> bias, After after) {
        int outer = Math.toIntExact(weight.size(0)), inner = Math.toIntExact(weight.size(1));
        int rowBytes = inner * weight.dtype().bytes(), steps = rowBytes / Panels.NUMBER;
        try (Scope scope = Scope.open()) {
            Tensor memory = Tensors.empty(DType.UINT8, Device.CPU, Panels.bytes(outer, steps));
            Panels panels = new Panels(memory.segment().address(), outer, steps);
            float[] begin = bias.isEmpty()
                    ? new float[outer]
                    : ordered(bias.getFirst().detach().reshape(outer, 1), after).toFloats();
            Tensor rows = ordered(weight.detach(), after);
            PanelPacking.columns(panels, rows.segment().address(), rowBytes, begin);
            PanelProduct product = new PanelProduct(panels, weight.dtype() == DType.BF16);
            int columns = switch (after) {
                case NOTHING -> outer;
                case SWIGLU -> outer / 2;
            };
            return new PanelMatrix(Scope.release(memory), product, weight.dtype(), inner, columns, after);
        }
    }

    /** Returns the rows of a weight in the order of the panels' columns. */
    private static Tensor ordered(Tensor rows, After after) {
        return switch (after) {
            case NOTHING -> rows;
            case SWIGLU ->
                rows.reshape(2, -1, Panels.COLUMNS / 2, rows.size(1)) // [2, F / L, L, I]
                        .transpose(0, 1) // [F / L, 2, L, I]
                        .contiguous();
        };
    }

    @Override
    public Tensor product(Tensor x) {
        long[] shape = x.shape();
        shape[shape.length - 1] = columns;
        Tensor y = Tensors.empty(dtype, Device.CPU, shape);
        run(x, result(), y, y);
        return y;
    }

    private Result result() {
        return switch (after) {
            case NOTHING -> dtype == DType.FP32 ? Result.FP32 : Result.BF16;
            case SWIGLU -> dtype == DType.FP32 ? Result.FP32_GATED : Result.BF16_GATED;
        };
    }

    @Override
    public Tensor added(Tensor x, Tensor stream) {
        if (after != After.NOTHING || !SimdRows.fit(stream) || !stream.isContiguous()) {
            return PackedMatrix.super.added(x, stream);
        }
        Tensor y = Tensors.empty(stream.dtype(), Device.CPU, stream.shape());
        run(x, stream.dtype() == DType.BF16 ? Result.BF16_ADDED : Result.FP32_ADDED, y, stream);
        return y;
    }

    private void run(Tensor x, Result made, Tensor y, Tensor added) {
        try (Scope scope = Scope.open()) {
            Tensor rows = PanelledProduct.apart(x.detach().contiguous().reshape(-1, inner));
            int rowBytes = Math.toIntExact(rows.handle.stride(0) * dtype.bytes());
            Left left = new Left.Rows(address(rows), Math.toIntExact(rows.size(0)), rowBytes);
            product.run(left, made, address(y), (long) columns * y.dtype().bytes(), address(added));
        }
    }

    private static long address(Tensor t) {
        return t.handle.data_ptr().address();
    }

    @Override
    public void close() {
        memory.close();
    }
}
