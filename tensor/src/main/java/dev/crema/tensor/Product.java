package dev.crema.tensor;

import dev.crema.tensor.simd.ColumnSums;
import dev.crema.tensor.simd.FewRowsProduct;
import dev.crema.tensor.simd.FewRowsProduct.Bias;
import dev.crema.tensor.simd.Rows;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * The product of rows with a weight, {@code x wᵀ + b}, by what is fast for it.
 *
 * <p>Products are libtorch's but for two cases, both on the CPU. A few rows without gradients are bound by reading the
 * weight, which our own kernel reads once. And the gradient of a bias, the sum of all rows, is computed by our own kernel,
 * which reads the rows as they lie.
 */
final class Product {
    private Product() {}

    static Tensor of(Tensor x, Tensor weight) {
        if (few(x, weight)) return fewRows(x, weight, new Bias.None(), x.dtype());
        return new Tensor(torch.linear(x.handle, weight.handle));
    }

    /** The same in FP32 where our own kernel has the sums; else in the type of {@code x}. */
    static Tensor unrounded(Tensor x, Tensor weight) {
        return few(x, weight) ? fewRows(x, weight, new Bias.None(), DType.FP32) : of(x, weight);
    }

    static Tensor of(Tensor x, Tensor weight, Tensor bias) {
        if (few(x, weight) && bias.dtype() == x.dtype()) {
            return fewRows(x, weight, new Bias.Row(SimdRows.of(bias)), x.dtype());
        }
        boolean recording = Autograd.recording() && bias.requiresGrad();
        if (!recording || !SimdRows.fit(x)) return biased(x, weight, bias);
        try (Scope scope = Scope.open()) {
            Tensor y = scope.keep(biased(x, weight, bias.detach()));
            CustomGradient.observe(y, gradient -> collect(bias, gradient));
            return y;
        }
    }

    private static Tensor biased(Tensor x, Tensor weight, Tensor bias) {
        return new Tensor(torch.linear(x.handle, weight.handle, new TensorOptional(bias.handle)));
    }

    private static void collect(Tensor bias, Tensor gradient) {
        float[] sums = ColumnSums.of(SimdRows.of(gradient.contiguous()));
        bias.accumulateGrad(Tensors.of(sums, sums.length));
    }

    private static boolean few(Tensor x, Tensor weight) {
        boolean recording = Autograd.recording() && (x.requiresGrad() || weight.requiresGrad());
        return !recording
                && x.elements() <= FewRowsProduct.MOST_ROWS * weight.size(1)
                && SimdRows.fit(x)
                && x.dtype() == weight.dtype()
                && weight.handle.is_contiguous();
    }

    private static Tensor fewRows(Tensor x, Tensor weight, Bias bias, DType result) {
        long[] shape = x.shape();
        shape[shape.length - 1] = weight.size(0);
        try (Scope scope = Scope.open()) {
            Rows rows = SimdRows.of(x.contiguous());
            Tensor y = scope.keep(Tensors.empty(result, Device.CPU, shape));
            new FewRowsProduct(rows, SimdRows.of(weight)).write(bias, SimdRows.of(y));
            return y;
        }
    }
}
