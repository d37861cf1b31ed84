package dev.crema.tensor;

import dev.crema.tensor.simd.FewRowsProduct;
import dev.crema.tensor.simd.HeadProducts;

/** Products of each head with rows of a weight that it has for itself, by what is fast for them. */
final class HeadWeights {
    private HeadWeights() {}

    /** Returns {@code x w} as {@code [B, T, H, O]}: {@code x [B, T, H, I]}, {@code weight [H, P, O]}. */
    static Tensor rows(Tensor x, Tensor weight, int from) {
        if (few(x, weight)) {
            try (Scope scope = Scope.open()) {
                Tensor y = like(x, weight.size(2));
                products(x, weight, from).writeRows(SimdRows.of(y));
                return scope.keep(y);
            }
        }
        return byTokens(byHeads(x).matmul(weight.narrow(1, from, x.size(3))), x);
    }

    /** Returns {@code x wᵀ} as {@code [B, T, H, count]}: {@code x [B, T, H, I]}, {@code weight [H, P, I]}. */
    static Tensor columns(Tensor x, Tensor weight, int from, int count) {
        if (few(x, weight)) {
            try (Scope scope = Scope.open()) {
                Tensor y = like(x, count);
                HeadProducts products = products(x, weight, from);
                if (CpuFeatures.current().tiles(x.dtype()) && products.dots(count)) {
                    Tensor scratch = Tensors.empty(DType.UINT8, Device.CPU, products.scratchBytes());
                    products.writeColumns(SimdRows.of(y), scratch.segment().address());
                } else {
                    products.writeColumns(SimdRows.of(y));
                }
                return scope.keep(y);
            }
        }
        // With the rows that take no part: the library would copy the others to leave them out.
        Tensor all = byHeads(x).matmul(weight.transpose(1, 2)); // [H, B T, P]
        return byTokens(all.narrow(2, from, count), x);
    }

    private static boolean few(Tensor x, Tensor weight) {
        return x.size(0) * x.size(1) <= FewRowsProduct.MOST_ROWS
                && SimdRows.fit(x)
                && x.dtype() == weight.dtype()
                && weight.isContiguous();
    }

    private static HeadProducts products(Tensor x, Tensor weight, int from) {
        return new HeadProducts(SimdRows.of(x.contiguous()), SimdRows.of(weight), (int) x.size(2), from);
    }

    private static Tensor like(Tensor x, long width) {
        return Tensors.empty(x.dtype(), Device.CPU, x.size(0), x.size(1), x.size(2), width);
    }

    private static Tensor byHeads(Tensor x) {
        return x.reshape(x.size(0) * x.size(1), x.size(2), x.size(3)).transpose(0, 1); // [H, B T, I]
    }

    private static Tensor byTokens(Tensor y, Tensor x) {
        return y.transpose(0, 1).reshape(x.size(0), x.size(1), x.size(2), y.size(2)); // [B, T, H, O]
    }
}
