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

    /** Returns what is added to the scores of {@code T} tokens, each seeing so far back: {@code [1 or B, 1, T, S]}. */
    default Tensor bias(long tokens, Window window, DType dtype, Device device) {
        return switch (this) {
            case Causal causal ->
                hide(unseen(tokens, 0, tokens, window, device), dtype).reshape(1, 1, tokens, tokens);
            case Documents(Tensor documents) -> {
                Tensor same = documents.unsqueeze(2).eq(documents.unsqueeze(1)); // [B, T, T]
                Tensor hidden = same.eq(0).or(unseen(tokens, 0, tokens, window, device));
                yield hide(hidden, dtype).unsqueeze(1);
            }
            case Cached(KvCache cache) -> {
                long slots = cache.slotsRead((int) tokens);
                Tensor hidden = unseen(tokens, cache.length(), slots, window, device); // [T, S]
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

    /** Returns, for each token of {@code rows} rows, the first token of its row that it sees, looking so far back. */
    default int[] firstVisible(int rows, int tokens, Window window) {
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
        if (window instanceof Window.Last(int size) && size < tokens) {
            for (int i = 0; i < first.length; i++) first[i] = Math.max(first[i], i % tokens - size + 1);
        }
        return first;
    }

    /** Tells of {@code tokens} tokens that stand behind others which slots are later or out of their window. */
    private static Tensor unseen(long tokens, long before, long slots, Window window, Device device) {
        Tensor query = Tensors.arange(tokens, device).add(before).unsqueeze(1); // [T, 1]
        Tensor key = Tensors.arange(slots, device).unsqueeze(0); // [1, S]
        Tensor later = query.lt(key); // [T, S]
        return switch (window) {
            case Window.All all -> later;
            case Window.Last(int size) -> later.or(key.lt(query.add(1 - size)));
        };
    }

    private static Tensor hide(Tensor hidden, DType dtype) {
        return hidden.to(DType.FP32).mul(HIDDEN).to(dtype);
    }
}
