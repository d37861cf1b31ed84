package dev.crema.tensor;

import dev.crema.tensor.simd.RmsNormRows;
import dev.crema.tensor.simd.Rows;

/**
 * Root mean square normalisation with its gradient: {@code y = (w + o) x r}, {@code r = 1 / sqrt(mean(x²) + ε)}, where the
 * offset {@code o} is 0 or, for weights that are kept as their distance from one, 1. The result has the weight's type.
 *
 * <p>libtorch has this function too, on the CPU at several times the cost of reading and writing its rows; there our own
 * kernel takes its place.
 */
final class RmsNorm {
    private RmsNorm() {}

    static Tensor apply(Tensor x, Tensor weight, double offset, double epsilon) {
        return SimdRows.fit(x) && SimdRows.fit(weight)
                ? fast(x, weight, offset, epsilon)
                : plain(x, weight, offset, epsilon);
    }

    /** Returns what is multiplied by, fp32 if there is an offset: near one, bf16 would lose the weight. */
    private static Tensor scale(Tensor weight, double offset) {
        return offset == 0 ? weight.detach() : weight.detach().to(DType.FP32).add(offset);
    }

    private static Tensor fast(Tensor x, Tensor weight, double offset, double epsilon) {
        try (Scope scope = Scope.open()) {
            Tensor scale = scale(weight, offset);
            Tensor rows = x.contiguous();
            Tensor value = Tensors.empty(weight.dtype(), Device.CPU, x.shape());
            float[] inverse = new float[(int) (x.elements() / weight.size(0))];
            new RmsNormRows(SimdRows.of(rows), SimdRows.of(scale)).forward(epsilon, SimdRows.of(value), inverse);
            return scope.keep(CustomGradient.of(
                    value, x, (g, saved) -> fastBackward(g.contiguous(), saved[0], weight, offset, inverse), rows));
        }
    }

    private static Tensor fastBackward(Tensor g, Tensor x, Tensor weight, double offset, float[] inverse) {
        Tensor scale = scale(weight, offset);
        Tensor dx = Tensors.empty(x.dtype(), Device.CPU, x.shape());
        Rows rows = SimdRows.of(x);
        float[] dw = new RmsNormRows(rows, SimdRows.of(scale)).backward(SimdRows.of(g), inverse, SimdRows.of(dx));
        if (weight.requiresGrad()) weight.accumulateGrad(Tensors.of(dw, dw.length));
        return dx;
    }

    private static Tensor plain(Tensor x, Tensor weight, double offset, double epsilon) {
        try (Scope scope = Scope.open()) {
            Tensor inverse; // [..., 1]
            Tensor value;
            try (var off = Autograd.off()) {
                Tensor wide = x.to(DType.FP32);
                inverse = wide.mul(wide).mean(-1, true).add(epsilon).rsqrt();
                value = offset == 0
                        ? wide.mul(inverse).to(weight.dtype()).mul(weight)
                        : wide.mul(inverse).mul(scale(weight, offset)).to(weight.dtype());
            }
            return scope.keep(CustomGradient.of(
                    value, x, (g, saved) -> plainBackward(g, saved[0], weight, offset, saved[1]), x, inverse));
        }
    }

    private static Tensor plainBackward(Tensor g, Tensor x, Tensor weight, double offset, Tensor inverse) {
        Tensor normed = x.to(DType.FP32).mul(inverse);
        Tensor wide = g.to(DType.FP32);
        if (weight.requiresGrad()) {
            weight.accumulateGrad(wide.mul(normed).reshape(-1, weight.size(0)).sum(0, false));
        }
        Tensor scaled = wide.mul(scale(weight, offset).to(DType.FP32));
        Tensor mean = scaled.mul(normed).mean(-1, true);
        return scaled.sub(normed.mul(mean)).mul(inverse).to(x.dtype());
    }
}
