package dev.crema.tensor;

import dev.crema.tensor.simd.DropoutElements;
import dev.crema.tensor.simd.Rows;

/** Dropout by a seed (Srivastava et al., 2014), with its gradient: the same elements are dropped of it. */
final class Dropout {
    private Dropout() {}

    static Tensor apply(Tensor x, double rate, long seed) {
        if (!SimdRows.fit(x)) return x.mul(factors(x, rate, seed));
        try (Scope scope = Scope.open()) {
            Tensor value = dropped(x.contiguous(), rate, seed);
            return scope.keep(CustomGradient.of(value, x, (g, none) -> dropped(g.contiguous(), rate, seed)));
        }
    }

    private static Tensor dropped(Tensor x, double rate, long seed) {
        Tensor value = Tensors.empty(x.dtype(), Device.CPU, x.shape());
        DropoutElements.apply(SimdRows.of(x), rate, seed, SimdRows.of(value));
        return value;
    }

    /** Returns what each element is multiplied with, so that all devices drop the same. */
    private static Tensor factors(Tensor x, double rate, long seed) {
        Tensor ones = Tensors.zeros(DType.FP32, Device.CPU, x.shape()).add(1);
        Rows rows = SimdRows.of(ones);
        DropoutElements.apply(rows, rate, seed, rows);
        return ones.to(x.dtype()).to(x.device());
    }
}
