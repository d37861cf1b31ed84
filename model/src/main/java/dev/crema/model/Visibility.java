package dev.crema.model;

import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;

/** Says which tokens a token may attend to; all are causal. */
public sealed interface Visibility {
    /** Added to a score, it hides the key; finite, so that a row with nothing to see gives no NaN. */
    double HIDDEN = -1e30;

    /** Each token sees itself and what stands before it in its row. */
    record Causal() implements Visibility {}

    /**
     * Each token sees itself and what stands before it in its document.
     *
     * @param documents {@code [B, T]} the number of each token's document within its row; negative is padding
     */
    record Documents(Tensor documents) implements Visibility {}

    /**
     * Each new token sees what a cache holds of its row, and itself.
     *
     * @param cache where the new tokens' keys and values go
     */
    record Cached(KvCache cache) implements Visibility {}

    /** Returns what is added to the scores of {@code T} tokens: {@code [1 or B, 1, T, S]}. */
    default Tensor bias(long tokens, DType dtype, Device device) {
        return switch (this) {
            case Causal causal -> hide(later(tokens, 0, tokens, device), dtype).reshape(1, 1, tokens, tokens);
            case Documents(Tensor documents) -> {
                Tensor same = documents.unsqueeze(2).eq(documents.unsqueeze(1)); // [B, T, T]
                Tensor hidden = same.eq(0).or(later(tokens, 0, tokens, device));
                yield hide(hidden, dtype).unsqueeze(1);
            }
            case Cached(KvCache cache) -> {
                long slots = cache.length() + tokens;
                Tensor hidden = later(tokens, cache.length(), slots, device); // [T, S]
                if (cache.padded()) {
                    Tensor pad = Tensors.arange(slots, device)
                            .unsqueeze(0)
                            .lt(cache.starts().unsqueeze(1)); // [B, S]
                    hidden = hidden.unsqueeze(0).or(pad.unsqueeze(1)); // [B, T, S]
                    yield hide(hidden, dtype).unsqueeze(1);
                }
                yield hide(hidden, dtype).reshape(1, 1, tokens, slots);
            }
        };
    }

    /** Returns, for each token of {@code rows} rows, the first token of its row that it sees. */
    default int[] firstVisible(int rows, int tokens) {
        int[] first = new int[rows * tokens];
        switch (this) {
            case Causal causal -> {}
            case Documents(Tensor documents) -> {
                long[] document = documents.toLongs();
                for (int i = 0; i < first.length; i++) {
                    boolean begins = i % tokens == 0 || document[i] != document[i - 1];
                    // A document is one stretch of a row.
                    first[i] = begins ? i % tokens : first[i - 1];
                }
            }
            case Cached(KvCache cache) -> {
                // Padding sees itself, so that its row of weights is not empty.
                for (int i = 0; i < first.length; i++) first[i] = Math.min(cache.start(i / tokens), i % tokens);
            }
        }
        return first;
    }

    private static Tensor later(long tokens, long before, long slots, Device device) {
        Tensor query = Tensors.arange(tokens, device).add(before).unsqueeze(1); // [T, 1]
        return query.lt(Tensors.arange(slots, device).unsqueeze(0)); // [T, S]
    }

    private static Tensor hide(Tensor hidden, DType dtype) {
        return hidden.to(DType.FP32).mul(HIDDEN).to(dtype);
    }
}
