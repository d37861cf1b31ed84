package dev.crema.tensor;

import dev.crema.tensor.simd.SmallProducts;
import dev.crema.tensor.simd.SmallProducts.Matrices;

/** The product of a batch of small matrices, without gradients, by what is fast for it. */
final class BatchProduct {
    private static final int BYTES = 4; // of an fp32 element

    private BatchProduct() {}

    /** Returns {@code a b}: {@code [N, m, k]} and {@code [N, k, n]} to {@code [N, m, n]}; the innermost scope's. */
    static Tensor of(Tensor a, Tensor b) {
        if (!fits(a) || !fits(b) || !SmallProducts.available()) return a.matmul(b);
        long count = a.size(0), m = a.size(1), n = b.size(2), k = a.size(2);
        Tensor c = Tensors.empty(DType.FP32, Device.CPU, count, m, n);
        SmallProducts.run(count, (int) m, (int) n, (int) k, matrices(a), matrices(b), matrices(c));
        return c;
    }

    /** Tells whether a tensor holds matrices of which one dimension lies without gaps, as BLAS wants them. */
    private static boolean fits(Tensor t) {
        boolean dense = stride(t, 2) == 1 || stride(t, 1) == 1;
        return t.device().isCpu() && t.dtype() == DType.FP32 && t.rank() == 3 && t.elements() > 0 && dense;
    }

    private static Matrices matrices(Tensor t) {
        boolean transposed = stride(t, 2) != 1;
        long lead = Math.max(stride(t, transposed ? 2 : 1), t.size(transposed ? 1 : 2));
        return new Matrices(t.handle.data_ptr().address(), stride(t, 0) * BYTES, (int) lead, transposed);
    }

    private static long stride(Tensor t, int dim) {
        return t.handle.stride(dim);
    }
}
