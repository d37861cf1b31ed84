package dev.crema.tensor;

import dev.crema.tensor.simd.SwiGluRows;

/** The gate {@code silu(a) b} with its gradient; {@code x [..., 2 F]} holds a and then b. */
final class SwiGlu {
    private SwiGlu() {}

    static Tensor apply(Tensor x) {
        long width = x.size(-1) / 2;
        if (!SimdRows.fit(x)) return Functions.silu(x.narrow(-1, 0, width)).mul(x.narrow(-1, width, width));
        try (Scope scope = Scope.open()) {
            Tensor rows = x.contiguous(), value = value(rows);
            return scope.keep(CustomGradient.of(value, x, (g, saved) -> backward(g.contiguous(), saved[0]), rows));
        }
    }

    /** Computes it of {@code x}, contiguous on the CPU, without a gradient. */
    static Tensor value(Tensor x) {
        long[] shape = x.shape();
        shape[shape.length - 1] /= 2;
        Tensor value = Tensors.empty(x.dtype(), Device.CPU, shape);
        SwiGluRows.forward(SimdRows.of(x), SimdRows.of(value));
        return value;
    }

    /** Turns {@code x} into its gradient, and that of the value, {@code gradient}, into the value. */
    static void replace(Tensor x, Tensor gradient) {
        SwiGluRows.replace(SimdRows.of(x), SimdRows.of(gradient));
    }

    private static Tensor backward(Tensor g, Tensor x) {
        Tensor dx = Tensors.empty(x.dtype(), Device.CPU, x.shape());
        SwiGluRows.backward(SimdRows.of(x), SimdRows.of(g), SimdRows.of(dx));
        return dx;
    }
}
