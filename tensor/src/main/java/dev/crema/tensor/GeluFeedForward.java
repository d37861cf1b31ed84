package dev.crema.tensor;

import java.util.List;
import java.util.stream.Stream;

/**
 * Two products with GELU between them, {@code gelu(x W₁ᵀ + b₁) W₂ᵀ + b₂}, with one gradient for all of it.
 *
 * <p>Kept for it are {@code x} and what GELU is of: its value comes again, at the price of writing it, in the pass that
 * computes its derivative. With input and output of the same shape nothing has to stand between them in the graph.
 *
 * @param up {@code W₁ [F, D]}
 * @param upBias {@code b₁ [F]}
 * @param down {@code W₂ [D, F]}
 * @param downBias {@code b₂ [D]}
 */
record GeluFeedForward(Tensor up, Tensor upBias, Tensor down, Tensor downBias) {
    /** Computes {@code [..., D]} of {@code x [..., D]}. */
    Tensor of(Tensor x) {
        if (!fits(x)) return Product.of(Gelu.apply(Product.of(x, up, upBias)), down, downBias);
        long[] shape = x.shape();
        try (Scope scope = Scope.open()) {
            Tensor rows = Product.rows(x); // [N, D]
            Tensor before = Product.ofRows(rows, up, upBias); // [N, F]
            Tensor y = Product.ofRows(Gelu.value(before), down, downBias); // [N, D]
            return scope.keep(CustomGradient.of(y.reshape(shape), x, this::backward, rows, before));
        }
    }

    private Tensor backward(Tensor gradient, Tensor[] saved) {
        Tensor rows = saved[0], before = saved[1];
        Tensor g = gradient.contiguous().reshape(rows.shape()); // [N, D]
        Tensor dBefore = Fp32Product.of(g, down.detach()); // [N, F], first that of GELU's value
        Tensor value = Gelu.valueAndGradient(before, dBefore);
        Product.collect(down, List.of(downBias), g, value);
        Product.collect(up, List.of(upBias), dBefore, rows);
        return Fp32Product.of(dBefore, up.detach()).reshape(gradient.shape());
    }

    private boolean fits(Tensor x) {
        return SimdRows.fit(x) && Product.collects(x, Stream.of(up, upBias, down, downBias));
    }
}
