package dev.crema.tensor;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.simd.CrewProducts;
import dev.crema.tensor.simd.CrewProducts.Matrices;
import java.util.function.Supplier;

/**
 * Matrix products in fp32 on the CPU, without gradients, on libtorch's own threads: large ones by our own code where the
 * processor has what it takes ({@link PanelledProduct}), others by OpenBLAS ({@link CrewProducts}). Those in bf16 take this
 * way where the processor has no products in bf16: libtorch's are a hundred times slower there.
 */
final class Fp32Product {
    private static final int BYTES = 4; // of an element

    private Fp32Product() {}

    /** Tells whether products with a tensor can be had here. */
    static boolean fits(Tensor t) {
        return t.device().isCpu() && (t.dtype() == DType.FP32 || widened(t)) && CrewProducts.available();
    }

    /** Tells whether numbers of bf16 are multiplied as fp32. */
    static boolean widened(Tensor t) {
        return t.device().isCpu()
                && t.dtype() == DType.BF16
                && !CpuFeatures.current().bf16();
    }

    /**
     * Returns {@code a b}: {@code [m, k]} and {@code [k, n]} to {@code [m, n]}, or a batch of such, {@code [N, m, k]}; the
     * innermost scope's. What does not fit is libtorch's to multiply.
     */
    static Tensor of(Tensor a, Tensor b) {
        if (!fits(a) || !fits(b) || !dense(a) || !dense(b)) return a.matmul(b);
        if (widened(a)) return rounded(() -> of(a.to(DType.FP32), b.to(DType.FP32)));
        long[] shape = a.shape();
        shape[shape.length - 1] = b.size(-1);
        Tensor c = Tensors.empty(DType.FP32, Device.CPU, shape);
        multiply(a, b, c, false);
        return c;
    }

    /** Returns {@code a b} with {@code bias [n]} added to each row of the matrices {@code [m, k]} and {@code [k, n]}. */
    static Tensor of(Tensor a, Tensor b, Tensor bias) {
        if (widened(a)) return rounded(() -> of(a.to(DType.FP32), b.to(DType.FP32), bias.to(DType.FP32)));
        Tensor c = Tensors.empty(DType.FP32, Device.CPU, a.size(0), b.size(1));
        if (PanelledProduct.fits(a, b)) {
            PanelledProduct.multiply(a, b, bias, c);
        } else {
            c.copyInPlace(bias.expand(c.shape()));
            add(a, b, c);
        }
        return c;
    }

    /** Adds {@code a b} to {@code c}, which is contiguous. */
    static void add(Tensor a, Tensor b, Tensor c) {
        if (fits(a) && fits(b) && fits(c) && dense(a) && dense(b) && !widened(a)) {
            multiply(a, b, c, true);
        } else {
            try (Scope scope = Scope.open()) {
                c.addInPlace(of(a, b));
            }
        }
    }

    private static Tensor rounded(Supplier<Tensor> product) {
        try (Scope scope = Scope.open()) {
            return scope.keep(product.get().to(DType.BF16));
        }
    }

    private static void multiply(Tensor a, Tensor b, Tensor c, boolean add) {
        if (PanelledProduct.fits(a, b)) {
            PanelledProduct.multiply(a, b, c, add);
            return;
        }
        long count = a.rank() == 3 ? a.size(0) : 1;
        int m = (int) a.size(-2), n = (int) b.size(-1), k = (int) a.size(-1);
        CrewProducts.run(new CrewProducts.Batch(count, m, n, k, matrices(a), matrices(b), matrices(c), add));
    }

    /** Tells whether one dimension of the matrices lies without gaps, as BLAS wants them. */
    private static boolean dense(Tensor t) {
        boolean matrices = t.rank() == 2 || t.rank() == 3;
        return matrices && t.elements() > 0 && (stride(t, 1) == 1 || stride(t, 2) == 1);
    }

    private static Matrices matrices(Tensor t) {
        boolean transposed = stride(t, 1) != 1;
        long lead = Math.max(stride(t, transposed ? 1 : 2), t.size(transposed ? -2 : -1));
        long step = t.rank() == 3 ? t.handle.stride(0) * BYTES : 0;
        return new Matrices(t.handle.data_ptr().address(), step, (int) lead, transposed);
    }

    /** Returns the stride of a dimension, counted from the last, which is 1. */
    private static long stride(Tensor t, int fromLast) {
        return t.handle.stride(t.rank() - fromLast);
    }
}
