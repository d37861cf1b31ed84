package dev.crema.tensor;

import dev.crema.tensor.simd.FlashAttention;
import dev.crema.tensor.simd.Rows;
import dev.crema.tensor.simd.SeenKeys;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Attention of whole rows by {@link FlashAttention}, with its gradient.
 *
 * <p>Saved for the backward pass are the projection, what was mixed, and a number for each query and head.
 */
final class FlashSelfAttention {
    private static final int MIXED = 1; // among what is saved

    private FlashSelfAttention() {}

    /** Tells whether this is the way for heads of such a layout. */
    static boolean fits(Tensor projection, HeadLayout layout) {
        return SimdRows.fit(projection) && FlashAttention.fits(layout.size(), projection.dtype() == DType.FP32);
    }

    /** The same as {@link SelfAttention#apply}. */
    static Tensor apply(Tensor projection, HeadLayout layout, SeenKeys seen, List<Tensor> angles, double scale) {
        try (Scope scope = Scope.open()) {
            Problem problem = new Problem(layout, seen, scale);
            Tensor rows = projection.detach().contiguous();
            Tensor[] kept = problem.forward(rows, angles);
            return scope.keep(CustomGradient.of(kept[MIXED], projection, problem::backward, kept));
        }
    }

    /** Tells whether {@link #ofProjected} can collect the gradients of a projection on the way to that of its input. */
    static boolean fits(Tensor x, HeadLayout layout, Tensor weight, List<Tensor> bias) {
        return fits(x, layout) && Product.collects(x, Stream.concat(Stream.of(weight), bias.stream()));
    }

    /**
     * The same of {@code x wᵀ + b}, with one gradient for both: where the heads together are as wide as {@code x}, nothing
     * stands between them in the graph.
     *
     * @param x {@code [B, T, D]}
     * @param weight {@code [(H + 2 K) d, D]}
     * @param bias {@code [(H + 2 K) d]}, or nothing
     */
    static Tensor ofProjected(
            Tensor x,
            Tensor weight,
            List<Tensor> bias,
            HeadLayout layout,
            SeenKeys seen,
            List<Tensor> angles,
            double scale) {
        try (Scope scope = Scope.open()) {
            Problem problem = new Problem(layout, seen, scale);
            Tensor rows = Product.rows(x); // [B T, D]
            Tensor product =
                    bias.isEmpty() ? Product.of(rows, weight.detach()) : Product.ofRows(rows, weight, bias.getFirst());
            Tensor[] kept = problem.forward(product.reshape(x.size(0), x.size(1), layout.width()), angles);
            Tensor[] saved = Stream.concat(Stream.of(kept), Stream.of(rows)).toArray(Tensor[]::new);
            CustomGradient.Rule rule = (gradient, tensors) -> {
                Tensor g = problem.backward(gradient, Arrays.copyOf(tensors, kept.length)); // [B, T, (H + 2 K) d]
                Tensor ofProjection = g.reshape(-1, layout.width());
                Product.collect(weight, bias, ofProjection, tensors[kept.length]);
                return Fp32Product.of(ofProjection, weight.detach()).reshape(gradient.size(0), gradient.size(1), -1);
            };
            return scope.keep(CustomGradient.of(kept[MIXED], x, rule, saved));
        }
    }

    private record Problem(HeadLayout layout, SeenKeys seen, double scale) {
        /** Returns the projection, what is mixed, the logarithms, and the angles. */
        Tensor[] forward(Tensor projection, List<Tensor> angles) {
            long batch = projection.size(0), tokens = projection.size(1);
            Tensor value = empty(projection.dtype(), batch, tokens, (long) layout.heads() * layout.size());
            Tensor logarithms = empty(DType.FP32, batch, layout.heads(), tokens);
            FlashAttention attention = attention(projection, angles);
            attention.forward(SimdRows.of(value), address(logarithms), scratch(attention.forwardBytes()));
            return Stream.concat(Stream.of(projection, value, logarithms), angles.stream())
                    .toArray(Tensor[]::new);
        }

        /** Returns the gradient of the projection, given what {@link #forward} returned. */
        Tensor backward(Tensor gradient, Tensor[] saved) {
            Tensor projection = saved[0], logarithms = saved[2];
            Tensor result = empty(projection.dtype(), projection.shape());
            FlashAttention attention = attention(projection, List.of(saved).subList(3, saved.length));
            Rows mixed = SimdRows.of(saved[MIXED]), g = SimdRows.of(gradient.contiguous());
            long memory = scratch(attention.backwardBytes());
            attention.backward(mixed, address(logarithms), g, SimdRows.of(result), memory);
            return result;
        }

        private FlashAttention attention(Tensor projection, List<Tensor> angles) {
            int batch = Math.toIntExact(projection.size(0)), tokens = Math.toIntExact(projection.size(1));
            return new FlashAttention(new FlashAttention.Problem(
                    SimdRows.of(projection),
                    SimdRows.turn(angles),
                    batch,
                    tokens,
                    layout.heads(),
                    layout.shared(),
                    layout.size(),
                    seen,
                    (float) scale));
        }
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
