package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;

/**
 * T5's relative positions: a trained number for each head and each bucket of distances, added to the scores (Raffel et
 * al., 2020, section 2.1).
 *
 * <p>Of {@code n} buckets the first half are the distances {@code 0 .. n/2 - 1}; the others hold ever more distances, as
 * the logarithm grows, and the last all from {@code maxDistance} on. An encoder, which looks both ways, has {@code n / 2}
 * for keys before a query and as many for those behind.
 *
 * @param table {@code [buckets, H]}
 */
record RelativePositions(Tensor table, int buckets, int maxDistance, boolean bothWays) {
    /**
     * Returns the bias of queries at {@code first, first + 1, ...} to keys at {@code 0, 1, ...}: {@code [1, H, T, S]}. A
     * decoder's hides keys behind the query.
     */
    Tensor bias(int first, int queries, int keys) {
        int[] index = new int[queries * keys];
        float[] hidden = new float[queries * keys];
        for (int q = 0; q < queries; q++) {
            for (int k = 0; k < keys; k++) {
                int distance = k - (first + q);
                index[q * keys + k] = bucket(distance);
                hidden[q * keys + k] = !bothWays && distance > 0 ? (float) Visibility.HIDDEN : 0;
            }
        }
        Tensor bias = Functions.embedding(
                        table, Tensors.of(index, queries, keys).to(table.device())) // [T, S, H]
                .permute(2, 0, 1)
                .unsqueeze(0); // [1, H, T, S]
        if (bothWays) return bias;
        Tensor later = Tensors.of(hidden, queries, keys).to(table.dtype()).to(table.device());
        return bias.add(later);
    }

    /** Returns the bucket of a key {@code distance} tokens behind its query (before it, if negative). */
    int bucket(int distance) {
        int side = bothWays ? buckets / 2 : buckets;
        int offset = bothWays && distance > 0 ? side : 0;
        int away = bothWays ? Math.abs(distance) : Math.max(0, -distance);
        int exact = side / 2;
        if (away < exact) return offset + away;
        // In fp32, as the reference: at the edge of a bucket the last bit decides.
        float octaves = (float) Math.log((float) away / exact) / (float) Math.log((double) maxDistance / exact);
        return offset + Math.min(side - 1, exact + (int) (octaves * (side - exact)));
    }
}
