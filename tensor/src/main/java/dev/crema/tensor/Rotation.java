package dev.crema.tensor;

/**
 * The rotation of rotary position embedding with its gradient.
 *
 * <p>A rotation is orthogonal: the gradient is the rotation by the opposite angle.
 */
final class Rotation {
    private Rotation() {}

    static Tensor apply(Tensor x, Tensor cos, Tensor sin) {
        Tensor c = cos.unsqueeze(2); // [B, T, 1, d/2]
        Tensor s = sin.unsqueeze(2);
        Tensor value;
        try (var off = Autograd.off()) {
            value = turn(x, c, s);
        }
        return CustomGradient.of(value, x, (g, saved) -> turn(g, saved[0], saved[1].neg()), c, s);
    }

    private static Tensor turn(Tensor x, Tensor cos, Tensor sin) {
        long half = x.size(-1) / 2;
        Tensor a = x.narrow(-1, 0, half); // [B, T, H, d/2]
        Tensor b = x.narrow(-1, half, half);
        Tensor result = Tensors.empty(x.dtype(), x.device(), x.shape());
        result.narrow(-1, 0, half).copyInPlace(a.mul(cos).sub(b.mul(sin)));
        result.narrow(-1, half, half).copyInPlace(b.mul(cos).add(a.mul(sin)));
        return result;
    }
}
