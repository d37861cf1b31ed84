package dev.crema.tensor;

import dev.crema.tensor.simd.FlashAttention;
import dev.crema.tensor.simd.Rows;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention of whole rows by {@link FlashAttention}, with its gradient.
 *
 * <p>Saved for the backward pass are the projection, what was mixed, and a number for each query and head.
 */
final class FlashSelfAttention {
    private FlashSelfAttention() {}

    /** Tells whether this is the way for heads of such a layout. */
    static boolean fits(Tensor projection, HeadLayout layout) {
        return SimdRows.fit(projection) && FlashAttention.fits(layout.size(), projection.dtype() == DType.FP32);
    }

    /** The same as {@link SelfAttention#apply}. */
    static Tensor apply(Tensor projection, HeadLayout layout, int[] first, List<Tensor> angles, double scale) {
        try (Scope scope = Scope.open()) {
            Tensor rows = projection.detach().contiguous();
            long batch = rows.size(0), tokens = rows.size(1), width = (long) layout.heads() * layout.size();
            Tensor value = empty(rows.dtype(), batch, tokens, width);
            Tensor logarithms = empty(DType.FP32, batch, layout.heads(), tokens);
            FlashAttention attention = attention(rows, layout, first, angles, scale);
            attention.forward(SimdRows.of(value), address(logarithms), scratch(attention.forwardBytes()));
            List<Tensor> saved = new ArrayList<>(List.of(rows, value, logarithms));
            saved.addAll(angles);
            CustomGradient.Rule rule = (gradient, kept) -> backward(gradient, kept, layout, first, scale);
            return scope.keep(CustomGradient.of(value, projection, rule, saved.toArray(Tensor[]::new)));
        }
    }

    private static Tensor backward(Tensor gradient, Tensor[] saved, HeadLayout layout, int[] first, double scale) {
        Tensor rows = saved[0], value = saved[1], logarithms = saved[2];
        List<Tensor> angles = List.of(saved).subList(3, saved.length);
        Tensor result = empty(rows.dtype(), rows.shape());
        FlashAttention attention = attention(rows, layout, first, angles, scale);
        Rows of = SimdRows.of(value), g = SimdRows.of(gradient.contiguous()), to = SimdRows.of(result);
        attention.backward(of, address(logarithms), g, to, scratch(attention.backwardBytes()));
        return result;
    }

    private static FlashAttention attention(
            Tensor rows, HeadLayout layout, int[] first, List<Tensor> angles, double scale) {
        int batch = Math.toIntExact(rows.size(0)), tokens = Math.toIntExact(rows.size(1));
        int heads = layout.heads(), shared = layout.shared(), size = layout.size();
        return new FlashAttention(new FlashAttention.Problem(
                SimdRows.of(rows), SimdRows.turn(angles), batch, tokens, heads, shared, size, first, (float) scale));
    }

    private static long scratch(long bytes) {
        return address(empty(DType.UINT8, bytes));
    }

    private static long address(Tensor tensor) {
        return tensor.segment().address();
    }

    private static Tensor empty(DType dtype, long... shape) {
        return Tensors.empty(dtype, Device.CPU, shape);
    }
}
