package dev.crema.model;

import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.tensor.simd.SeenKeys;
import java.util.Arrays;

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
     * Each token sees itself and what stands before it in the trunk of its document and in its own branch: samples of the
     * same prompt, which is read once for all.
     *
     * @param documents {@code [B, T]} as those of {@link Documents}
     * @param branches {@code [B, T]} the number of each token's branch within its document; 0 is the trunk, which comes
     *     first
     */
    record Branches(Tensor documents, Tensor branches) implements Visibility {}

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
            case Branches(Tensor documents, Tensor branches) ->
                Tensors.of(
                                hidden(seen((int) documents.size(0), (int) tokens, window), (int) tokens),
                                documents.size(0),
                                1,
                                tokens,
                                tokens)
                        .to(dtype)
                        .to(device);
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

    /** Returns what each token of {@code rows} rows sees, looking so far back. */
    default SeenKeys seen(int rows, int tokens, Window window) {
        int most = window instanceof Window.Last(int size) ? size : tokens;
        int[] first = new int[rows * tokens];
        switch (this) {
            case Causal causal -> {}
            case Documents(Tensor documents) -> first = beginnings(documents.toLongs(), tokens);
            case Branches(Tensor documents, Tensor branches) -> {
                return branches(beginnings(documents.toLongs(), tokens), branches.toLongs(), tokens, most);
            }
            case Cached(KvCache cache) -> {
                // Padding sees itself, so that its row of weights is not empty.
                for (int i = 0; i < first.length; i++) first[i] = Math.min(cache.start(i / tokens), i % tokens);
            }
        }
        for (int i = 0; i < first.length; i++) first[i] = Math.max(first[i], i % tokens - most + 1);
        return SeenKeys.from(first);
    }

    /** Returns for each token where its document begins, which is one stretch of a row. */
    private static int[] beginnings(long[] document, int tokens) {
        int[] first = new int[document.length];
        for (int i = 0; i < first.length; i++) {
            boolean begins = i % tokens == 0 || document[i] != document[i - 1];
            first[i] = begins ? i % tokens : first[i - 1];
        }
        return first;
    }

    /** @param first where each token's document begins; becomes the first that it sees of the trunk */
    private static SeenKeys branches(int[] first, long[] branch, int tokens, int most) {
        int[] trunk = new int[first.length], own = new int[first.length];
        for (int i = 0; i < first.length; i++) {
            int token = i % tokens, document = first[i];
            boolean begins = token == document;
            own[i] = begins || branch[i] != branch[i - 1] ? token : own[i - 1];
            trunk[i] = branch[i] == 0 || begins ? own[i] : branch[i - 1] == 0 ? token : trunk[i - 1];
        }
        for (int i = 0; i < first.length; i++) {
            int token = i % tokens;
            // How much of the window is left for the trunk, behind which the branch stands as if it followed at once.
            int left = Math.max(0, most - (token - own[i] + 1));
            first[i] = Math.max(first[i], trunk[i] - left);
            own[i] = Math.max(own[i], token - most + 1);
        }
        return new SeenKeys(first, trunk, own);
    }

    /** Returns what hides the keys that are not seen, {@code [B, T, T]}. */
    private static float[] hidden(SeenKeys seen, int tokens) {
        int[] first = seen.first(), trunk = seen.trunk(), own = seen.own();
        float[] bias = new float[Math.multiplyExact(first.length, tokens)];
        Arrays.fill(bias, (float) HIDDEN);
        for (int i = 0; i < first.length; i++) {
            Arrays.fill(bias, i * tokens + first[i], i * tokens + trunk[i], 0);
            Arrays.fill(bias, i * tokens + own[i], i * tokens + i % tokens + 1, 0);
        }
        return bias;
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
