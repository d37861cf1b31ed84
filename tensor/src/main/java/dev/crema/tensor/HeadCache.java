package dev.crema.tensor;

import java.util.List;

/**
 * The keys and values of a layer's heads for the tokens that rows have seen, as a decoding step reads them fastest; it owns
 * its memory.
 */
public sealed interface HeadCache extends AutoCloseable permits TransposedCache, PanelCache {
    /** Makes a cache for {@code slots} tokens of each row. */
    static HeadCache of(DType dtype, Device device, int rows, HeadLayout layout, int slots) {
        return PanelCache.fits(dtype, device, layout)
                ? PanelCache.of(dtype, rows, layout, slots)
                : TransposedCache.of(dtype, device, rows, layout, slots);
    }

    /** Makes a cache whose keys and values can be had as they are, at no cost. */
    static HeadCache readable(DType dtype, Device device, int rows, HeadLayout layout, int slots) {
        return TransposedCache.of(dtype, device, rows, layout, slots);
    }

    /** Tells whether {@link #attend} can work where a tensor is, in its type. */
    static boolean attends(Tensor like) {
        return SimdRows.fit(like);
    }

    /** Writes tokens' keys and values {@code [B, K, T, d]} into the slots from {@code slot} on. */
    void append(int slot, Tensor keys, Tensor values);

    /** Returns the keys of the first slots, {@code [B, K, S, d]}; the innermost scope's. */
    Tensor keys(int slots);

    /** Returns the values of the first slots, {@code [B, K, S, d]}; the innermost scope's. */
    Tensor values(int slots);

    /**
     * Takes one new token of each row up and returns its attention to what the cache then holds, without gradients; the
     * innermost scope's.
     *
     * @param projection {@code [B, 1, (H + 2 K) d]}: queries, keys and values side by side
     * @param angles cosines and sines {@code [B, 1, r/2]} FP32 by which the first r dimensions of queries and keys turn,
     *     or nothing
     * @param length slots in use, the new token's included
     * @param starts the first slot of each row that the new token sees
     * @return {@code [B, 1, H d]}
     */
    Tensor attend(Tensor projection, List<Tensor> angles, int length, int[] starts, double scale);

    /**
     * Keeps these rows, in this order; a row may come more than once.
     *
     * @param rows {@code [n]} INT64
     * @param used slots in use
     */
    void select(Tensor rows, int used);

    @Override
    void close();
}
