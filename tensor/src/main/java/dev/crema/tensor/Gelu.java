package dev.crema.tensor;

import dev.crema.tensor.simd.GeluElements;
import org.bytedeco.pytorch.global.torch;

/** The Gaussian error linear unit by the hyperbolic tangent, with its gradient. */
final class Gelu {
    private Gelu() {}

    static Tensor apply(Tensor x) {
        if (!SimdRows.fit(x)) return new Tensor(torch.gelu(x.handle, "tanh"));
        try (Scope scope = Scope.open()) {
            Tensor rows = x.contiguous();
            Tensor value = value(rows);
            return scope.keep(CustomGradient.of(value, x, (g, saved) -> backward(g.contiguous(), saved[0]), rows));
        }
    }

    /** Computes it of {@code x}, contiguous on the CPU, without a gradient. */
    static Tensor value(Tensor x) {
        Tensor value = Tensors.empty(x.dtype(), Device.CPU, x.shape());
        GeluElements.forward(SimdRows.of(x), SimdRows.of(value));
        return value;
    }

    /** The same, and turns {@code gradient}, that of the value, into that of {@code x}. */
    static Tensor valueAndGradient(Tensor x, Tensor gradient) {
        Tensor value = Tensors.empty(x.dtype(), Device.CPU, x.shape());
        GeluElements.forwardAndBackward(SimdRows.of(x), SimdRows.of(gradient), SimdRows.of(value));
        return value;
    }

    private static Tensor backward(Tensor g, Tensor x) {
        Tensor dx = Tensors.empty(x.dtype(), Device.CPU, x.shape());
        GeluElements.backward(SimdRows.of(x), SimdRows.of(g), SimdRows.of(dx));
        return dx;
    }
}
