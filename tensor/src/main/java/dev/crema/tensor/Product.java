package dev.crema.tensor;

import dev.crema.tensor.simd.ColumnSums;
import dev.crema.tensor.simd.DotProducts;
import dev.crema.tensor.simd.FewRowsProduct;
import dev.crema.tensor.simd.FewRowsProduct.Bias;
import dev.crema.tensor.simd.Rows;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * The product of rows with a weight, {@code x wᵀ + b}, by what is fast for it.
 *
 * <p>Products are libtorch's but for three cases, all on the CPU. A few rows without gradients are bound by reading the
 * weight, which our own kernel reads once. In fp32 the product and its gradient run on libtorch's own threads instead of
 * those of its library. And the gradient of a bias, the sum of all rows, is computed by our own kernel, which reads the rows
 * as they lie.
 */
final class Product {
    /** Rows from which packing a weight pays. */
    private static final int PACKED_FROM = 1024;

    /** The same of rows in bf16 where a library would need the weight as fp32 first. */
    private static final int FEW_WIDENED = 64;

    private Product() {}

    static Tensor of(Tensor x, Tensor weight) {
        if (few(x, weight)) return fewRows(x, weight, new Bias.None(), x.dtype());
        if (crewed(x, weight)) {
            try (Scope scope = Scope.open()) {
                Tensor rows = rows(x);
                return scope.keep(
                        linked(Fp32Product.of(rows, weight.detach().transpose(0, 1)), x, rows, weight, List.of()));
            }
        }
        return library(x, weight, List.of());
    }

    /** Multiplies by libtorch, which records it. */
    private static Tensor library(Tensor x, Tensor weight, List<Tensor> bias) {
        if (Fp32Product.widened(x)) {
            try (Scope scope = Scope.open()) {
                List<Tensor> wide =
                        bias.stream().map(each -> each.to(DType.FP32)).toList();
                return scope.keep(
                        library(x.to(DType.FP32), weight.to(DType.FP32), wide).to(x.dtype()));
            }
        }
        return bias.isEmpty()
                ? new Tensor(torch.linear(x.handle, weight.handle))
                : new Tensor(torch.linear(x.handle, weight.handle, new TensorOptional(bias.getFirst().handle)));
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
        if (crewed(x, weight) && crewed(x, bias)) {
            try (Scope scope = Scope.open()) {
                Tensor rows = rows(x);
                Tensor y = ofRows(rows, weight, bias);
                return scope.keep(linked(y, x, rows, weight, recording ? List.of(bias) : List.of()));
            }
        }
        if (!recording || !SimdRows.fit(x)) return library(x, weight, List.of(bias));
        try (Scope scope = Scope.open()) {
            Tensor y = scope.keep(library(x, weight, List.of(bias.detach())));
            CustomGradient.observe(y, gradient -> collect(bias, gradient));
            return y;
        }
    }

    /** Tells whether we multiply in fp32 ourselves: the gradient of a parameter comes by way of that of {@code x}. */
    private static boolean crewed(Tensor x, Tensor parameter) {
        boolean frozen = !Autograd.recording() || !parameter.requiresGrad();
        boolean reached = x.requiresGrad() && parameter.handle.is_leaf();
        return Fp32Product.fits(x) && Fp32Product.fits(parameter) && (frozen || reached);
    }

    /** Returns {@code x} as rows, {@code [N, I]}, without a gradient. */
    static Tensor rows(Tensor x) {
        return x.detach().contiguous().reshape(-1, x.size(-1));
    }

    /** Gives {@code y [N, O]} the shape of {@code x}, and its gradient a way to {@code x} and the parameters. */
    private static Tensor linked(Tensor y, Tensor x, Tensor rows, Tensor weight, List<Tensor> bias) {
        long[] given = x.shape();
        CustomGradient.Rule rule = (gradient, saved) -> {
            Tensor g = gradient.contiguous().reshape(saved[0].size(0), -1); // [N, O]
            collect(weight, bias, g, saved[0]);
            return Fp32Product.of(g, weight.detach()).reshape(given);
        };
        return CustomGradient.of(y.reshape(shape(x, weight)), x, rule, rows);
    }

    private static long[] shape(Tensor x, Tensor weight) {
        long[] shape = x.shape();
        shape[shape.length - 1] = weight.size(0);
        return shape;
    }

    /** Tells whether the gradients of all parameters can be collected on the way to that of {@code x}. */
    static boolean collects(Tensor x, Stream<Tensor> parameters) {
        return Autograd.recording()
                && x.requiresGrad()
                && parameters.allMatch(
                        each -> each.requiresGrad() && each.handle.is_leaf() && each.dtype() == x.dtype());
    }

    /** Adds to the gradients of a weight and a bias what {@code g [N, O]} of the product of {@code rows [N, I]} says. */
    static void collect(Tensor weight, List<Tensor> bias, Tensor g, Tensor rows) {
        bias.forEach(each -> collect(each, g));
        if (weight.requiresGrad()) collect(weight, g.transpose(0, 1), rows);
    }

    /** Adds {@code a b} to a parameter's gradient. */
    private static void collect(Tensor parameter, Tensor a, Tensor b) {
        if (parameter.hasGrad()) Fp32Product.add(a, b, parameter.grad());
        else parameter.accumulateGrad(Fp32Product.of(a, b));
    }

    /**
     * Multiplies many rows, {@code [N, I]}, without a gradient. In bf16 libtorch would copy the bias to all rows first, and
     * add to it; our tiles begin with it, which pays for packing the weight.
     */
    static Tensor ofRows(Tensor rows, Tensor weight, Tensor bias) {
        Tensor w = weight.detach(), b = bias.detach();
        if (Fp32Product.fits(rows)) return Fp32Product.of(rows, w.transpose(0, 1), b);
        boolean packed = rows.size(0) >= PACKED_FROM && w.rank() == 2 && w.dtype() == DType.BF16;
        if (!packed || !PanelMatrix.fits(w, PackedMatrix.After.NOTHING)) return library(rows, w, List.of(b));
        try (PanelMatrix matrix = PanelMatrix.of(w, List.of(b), PackedMatrix.After.NOTHING)) {
            return matrix.product(rows);
        }
    }

    private static void collect(Tensor bias, Tensor gradient) {
        float[] sums = ColumnSums.of(SimdRows.of(gradient.contiguous()));
        bias.accumulateGrad(Tensors.of(sums, sums.length));
    }

    private static boolean few(Tensor x, Tensor weight) {
        boolean recording = Autograd.recording() && (x.requiresGrad() || weight.requiresGrad());
        return !recording
                && x.elements() <= mostFew(x) * weight.size(1)
                && SimdRows.fit(x)
                && x.dtype() == weight.dtype()
                && weight.handle.is_contiguous();
    }

    /** Returns up to how many rows reading the weight as it lies is faster than a library's product. */
    private static int mostFew(Tensor x) {
        boolean tiled = Fp32Product.widened(x) && SimdRows.tiles(DType.BF16);
        return tiled ? FEW_WIDENED : FewRowsProduct.MOST_ROWS;
    }

    private static Tensor fewRows(Tensor x, Tensor weight, Bias bias, DType result) {
        try (Scope scope = Scope.open()) {
            Rows rows = SimdRows.of(x.contiguous()), weights = SimdRows.of(weight);
            Tensor y = scope.keep(Tensors.empty(result, Device.CPU, shape(x, weight)));
            if (SimdRows.tiles(x.dtype()) && DotProducts.fit(rows.columns(), rows.wide())) {
                DotProducts products = new DotProducts(rows, weights);
                Tensor scratch = Tensors.empty(DType.UINT8, Device.CPU, products.scratchBytes());
                products.write(bias, SimdRows.of(y), scratch.segment().address());
            } else {
                new FewRowsProduct(rows, weights).write(bias, SimdRows.of(y));
            }
            return y;
        }
    }
}
