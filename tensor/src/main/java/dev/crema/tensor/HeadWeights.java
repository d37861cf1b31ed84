package dev.crema.tensor;

import dev.crema.tensor.simd.FewRowsProduct;
import dev.crema.tensor.simd.HeadProducts;
import dev.crema.tensor.simd.HeadTiles;

/** Products of each head with rows of a weight that it has for itself, by what is fast for them. */
final class HeadWeights {
    /** Tokens up to which machine code beats the library's products. */
    private static final int MOST_TILED = 64;

    private HeadWeights() {}

    /** Returns {@code x w} as {@code [B, T, H, O]}: {@code x [B, T, H, I]}, {@code weight [H, P, O]}. */
    static Tensor rows(Tensor x, Tensor weight, int from) {
        if (!few(x, weight)) return byTokens(byHeads(x).matmul(weight.narrow(1, from, x.size(3))), x);
        try (Scope scope = Scope.open()) {
            Tensor y = like(x, weight.size(2));
            HeadProducts products = products(x, weight, from);
            HeadTiles tiles = new HeadTiles(products);
            if (tiled(x) && tiles.multipliesRows((int) y.size(3))) tiles.writeRows(SimdRows.of(y));
            else products.writeRows(SimdRows.of(y));
            return scope.keep(y);
        }
    }

    /** Returns {@code x wᵀ} as {@code [B, T, H, count]}: {@code x [B, T, H, I]}, {@code weight [H, P, I]}. */
    static Tensor columns(Tensor x, Tensor weight, int from, int count) {
        if (!few(x, weight)) {
            // With the rows that take no part: the library would copy the others to leave them out.
            Tensor all = byHeads(x).matmul(weight.transpose(1, 2)); // [H, B T, P]
            return byTokens(all.narrow(2, from, count), x);
        }
        try (Scope scope = Scope.open()) {
            Tensor y = like(x, count);
            HeadProducts products = products(x, weight, from);
            HeadTiles tiles = new HeadTiles(products);
            if (tiled(x) && tiles.multipliesColumns(count)) tiles.writeColumns(SimdRows.of(y), scratch(tiles));
            else products.writeColumns(SimdRows.of(y));
            return scope.keep(y);
        }
    }

    private static boolean few(Tensor x, Tensor weight) {
        return tokens(x) <= (tiled(x) ? MOST_TILED : FewRowsProduct.MOST_ROWS)
                && SimdRows.fit(x)
                && x.dtype() == weight.dtype()
                && weight.isContiguous();
    }

    private static boolean tiled(Tensor x) {
        return x.device().isCpu() && SimdRows.tiles(x.dtype());
    }

    private static long tokens(Tensor x) {
        return x.size(0) * x.size(1);
    }

    private static long scratch(HeadTiles tiles) {
        return Tensors.empty(DType.UINT8, Device.CPU, tiles.scratchBytes())
                .segment()
                .address();
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
