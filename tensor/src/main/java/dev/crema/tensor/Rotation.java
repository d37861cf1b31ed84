package dev.crema.tensor;

import dev.crema.tensor.simd.RotaryRows;
import dev.crema.tensor.simd.Rows;

/**
 * The rotation of rotary position embedding with its gradient.
 *
 * <p>The gradient is the rotation by the opposite angle, stretched by the same factor if cosines and sines are.
 */
final class Rotation {
    private Rotation() {}

    static Tensor apply(Tensor x, Tensor cos, Tensor sin) {
        try (Scope scope = Scope.open()) {
            Tensor value;
            try (var off = Autograd.off()) {
                value = turn(x, cos, sin, 1);
            }
            return scope.keep(CustomGradient.of(value, x, (g, saved) -> turn(g, saved[0], saved[1], -1), cos, sin));
        }
    }

    private static Tensor turn(Tensor x, Tensor cos, Tensor sin, int sign) {
        Tensor result = Tensors.empty(x.dtype(), x.device(), x.shape());
        if (SimdRows.fit(x) && x.rank() == 4) {
            int heads = (int) x.size(2);
            RotaryRows.turn(tokens(x), SimdRows.of(cos), SimdRows.of(sin), heads, sign, tokens(result));
            return result;
        }
        long half = cos.size(-1), rest = x.size(-1) - 2 * half;
        Tensor c = cos.unsqueeze(2), s = sin.unsqueeze(2).mul(sign); // [B, T, 1, r/2]
        Tensor a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half); // [B, T, H, r/2]
        result.narrow(-1, 0, half).copyInPlace(a.mul(c).sub(b.mul(s)));
        result.narrow(-1, half, half).copyInPlace(b.mul(c).add(a.mul(s)));
        result.narrow(-1, 2 * half, rest).copyInPlace(x.narrow(-1, 2 * half, rest));
        return result;
    }

    /** Returns {@code [B, T, H, d]} as a row for each token; heads may be some of those of a wider row. */
    private static Rows tokens(Tensor x) {
        boolean wide = x.dtype() == DType.FP32;
        long heads = x.size(2), size = x.size(3), tokens = x.size(1);
        boolean even =
                x.stride(3) == 1 && x.stride(2) == size && (x.size(0) == 1 || x.stride(0) == x.stride(1) * tokens);
        Tensor rows = even ? x : x.contiguous();
        return new Rows(rows.data().address(), wide, x.size(0) * tokens, (int) (heads * size), rows.stride(1));
    }
}
