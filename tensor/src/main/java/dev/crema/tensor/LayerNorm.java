package dev.crema.tensor;

import dev.crema.tensor.simd.LayerNormRows;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Layer normalisation with its gradient: {@code y = (x - mean) / sqrt(var + ε) w + b}, in the weight's type. */
final class LayerNorm {
    private LayerNorm() {}

    static Tensor apply(Tensor x, Tensor weight, Tensor bias, double epsilon) {
        if (!SimdRows.fit(x) || !SimdRows.fit(weight)) return plain(x, weight, bias, epsilon);
        try (Scope scope = Scope.open()) {
            Tensor rows = x.contiguous();
            Tensor value = Tensors.empty(weight.dtype(), Device.CPU, x.shape());
            int count = (int) (x.elements() / weight.size(0));
            float[] mean = new float[count], inverse = new float[count];
            kernel(rows, weight, bias).forward(epsilon, SimdRows.of(value), mean, inverse);
            return scope.keep(CustomGradient.of(
                    value, x, (g, saved) -> backward(g.contiguous(), saved[0], weight, bias, mean, inverse), rows));
        }
    }

    private static Tensor backward(Tensor g, Tensor x, Tensor weight, Tensor bias, float[] mean, float[] inverse) {
        Tensor dx = Tensors.empty(x.dtype(), Device.CPU, x.shape());
        LayerNormRows.Parameters gradients =
                kernel(x, weight, bias).backward(SimdRows.of(g), mean, inverse, SimdRows.of(dx));
        int width = gradients.weight().length;
        if (weight.requiresGrad()) weight.accumulateGrad(Tensors.of(gradients.weight(), width));
        if (bias.requiresGrad()) bias.accumulateGrad(Tensors.of(gradients.bias(), width));
        return dx;
    }

    private static LayerNormRows kernel(Tensor x, Tensor weight, Tensor bias) {
        return new LayerNormRows(SimdRows.of(x), SimdRows.of(weight), SimdRows.of(bias));
    }

    private static Tensor plain(Tensor x, Tensor weight, Tensor bias, double epsilon) {
        return new Tensor(torch.layer_norm(
                x.to(weight.dtype()).handle,
                new long[] {weight.size(0)},
                new TensorOptional(weight.handle),
                new TensorOptional(bias.handle),
                epsilon,
                false));
    }
}
