package dev.crema.tensor;

import java.util.List;
import java.util.stream.Stream;

/**
 * Two products with SwiGLU between them, {@code (silu(a) b) W₂ᵀ} of {@code [a, b] = x W₁ᵀ} (Shazeer, 2020), with one
 * gradient for all of it.
 *
 * <p>Kept for it are {@code x} and what the gate is of: its value comes again in the pass that computes its derivative,
 * which overwrites both. With input and output of the same shape nothing has to stand between them in the graph.
 *
 * @param input {@code W₁ [2 F, D]}
 * @param output {@code W₂ [D, F]}
 */
record SwiGluFeedForward(Tensor input, Tensor output) {
    /** Computes {@code [..., D]} of {@code x [..., D]}. */
    Tensor of(Tensor x) {
        if (!fits(x)) return Product.of(SwiGlu.apply(Product.of(x, input)), output);
        long[] shape = x.shape();
        try (Scope scope = Scope.open()) {
            Tensor rows = Product.rows(x); // [N, D]
            Tensor both = Product.of(rows, input.detach()); // [N, 2 F]
            Tensor y = Product.of(SwiGlu.value(both), output.detach()); // [N, D]
            return scope.keep(CustomGradient.of(y.reshape(shape), x, this::backward, rows, both));
        }
    }

    private Tensor backward(Tensor gradient, Tensor[] saved) {
        Tensor rows = saved[0], both = saved[1];
        Tensor g = gradient.contiguous().reshape(rows.shape()); // [N, D]
        Tensor gated = Fp32Product.of(g, output.detach()); // [N, F], first the gradient of it
        SwiGlu.replace(both, gated);
        Product.collect(output, List.of(), g, gated);
        Product.collect(input, List.of(), both, rows);
        return Fp32Product.of(both, input.detach()).reshape(gradient.shape());
    }

    private boolean fits(Tensor x) {
        return SimdRows.fit(x) && Product.collects(x, Stream.of(input, output));
    }
}
