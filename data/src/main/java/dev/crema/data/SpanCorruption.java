package dev.crema.data;

import dev.crema.data.PairBatch.Pair;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Takes spans out of a text for an encoder-decoder to write (Raffel et al., 2020, section 3.1.4): in the input a sentinel
 * stands for each, in the target each follows its sentinel.
 *
 * <p>Of n tokens, {@code density n} go, in {@code density n / meanSpan} spans; both these and what stays are cut at random
 * into as many pieces, and the text begins with one that stays. All is a function of the seed and the row's place.
 *
 * @param density the part of the tokens that goes
 * @param meanSpan mean length of a span
 * @param sentinels ids of {@code <extra_id_0>}, {@code <extra_id_1>}, ...
 * @param end the token behind input and target
 * @param start the token that the decoder begins with
 */
public record SpanCorruption(double density, double meanSpan, int[] sentinels, int end, int start, long seed) {
    private static final int MOST_SENTINELS = 1000;

    public SpanCorruption {
        if (!(density > 0 && density < 1)) {
            throw new InputException(
                    "a noise density of " + density + " leaves nothing to learn; give one between 0 and 1");
        }
        if (!(meanSpan >= 1))
            throw new InputException("a mean span of " + meanSpan + " tokens cannot be; give 1 or more");
    }

    /**
     * Finds sentinels and end in a tokenizer.
     *
     * @throws InputException if it has none
     */
    public static SpanCorruption of(Tokenizer tokenizer, double density, double meanSpan, int start, long seed) {
        List<Integer> sentinels = new ArrayList<>();
        while (sentinels.size() < MOST_SENTINELS && tokenizer.has(sentinel(sentinels.size()))) {
            sentinels.add(tokenizer.id(sentinel(sentinels.size())));
        }
        if (sentinels.isEmpty()) {
            throw new InputException(
                    "the tokenizer has no token <extra_id_0>, which span corruption needs: set sentinels"
                            + " of the tokenizer stage, or take T5's tokenizer");
        }
        int end = tokenizer
                .specials()
                .eos()
                .orElseThrow(() -> new InputException("the tokenizer has no token that ends a text"))
                .id();
        return new SpanCorruption(
                density,
                meanSpan,
                sentinels.stream().mapToInt(Integer::intValue).toArray(),
                end,
                start,
                seed);
    }

    private static String sentinel(int number) {
        return "<extra_id_" + number + ">";
    }

    /**
     * Returns how many tokens of text make an input of {@code columns} tokens, with sentinels and end.
     *
     * @throws InputException if not even a short text does, or it needs more sentinels than there are
     */
    public int textTokens(int columns) {
        int tokens = columns;
        while (inputTokens(tokens + 1) <= columns) tokens++;
        while (tokens > 1 && inputTokens(tokens) > columns) tokens--;
        if (tokens < 2) throw new InputException("rows of " + columns + " tokens leave no room for text; give more");
        if (spans(tokens) > sentinels.length) {
            throw new InputException(
                    "rows of " + columns + " tokens lose " + spans(tokens) + " spans, and the tokenizer has "
                            + sentinels.length + " sentinels; give shorter rows, longer spans, or more sentinels");
        }
        return tokens;
    }

    private int inputTokens(int tokens) {
        return tokens - noise(tokens) + spans(tokens) + 1;
    }

    private int noise(int tokens) {
        return Math.min(Math.max((int) Math.round(tokens * density), 1), tokens - 1);
    }

    private int spans(int tokens) {
        int noise = noise(tokens);
        return Math.max(1, Math.min((int) Math.round(noise / meanSpan), Math.min(noise, tokens - noise)));
    }

    /** Makes a pair of each row; {@code place} tells the batch from all others. */
    public PairBatch apply(Batch rows, long place) {
        List<Pair> pairs = new ArrayList<>();
        for (int row = 0; row < rows.rows(); row++) {
            int from = row * rows.columns(), length = 0;
            while (length < rows.columns() && rows.documents()[from + length] != Batch.PADDING) length++;
            if (length < 2) continue;
            int[] text = Arrays.copyOfRange(rows.ids(), from, from + length);
            pairs.add(corrupt(text, Mix.mix(Mix.mix(seed, place), row)));
        }
        return PairBatch.of(pairs, start);
    }

    private Pair corrupt(int[] text, long key) {
        int noise = noise(text.length), spans = Math.min(spans(text.length), sentinels.length);
        int[] gone = pieces(noise, spans, Mix.mix(key, 1)), kept = pieces(text.length - noise, spans, Mix.mix(key, 2));
        int[] input = new int[text.length - noise + spans + 1], target = new int[noise + spans + 1];
        int at = 0, read = 0, written = 0;
        for (int span = 0; span < spans; span++) {
            System.arraycopy(text, at, input, read, kept[span]);
            at += kept[span];
            read += kept[span];
            input[read++] = sentinels[span];
            target[written++] = sentinels[span];
            System.arraycopy(text, at, target, written, gone[span]);
            at += gone[span];
            written += gone[span];
        }
        input[read] = end;
        target[written] = end;
        return new Pair(input, target);
    }

    /** Cuts {@code total} into {@code count} pieces of at least one, each way of cutting as likely. */
    private static int[] pieces(int total, int count, long key) {
        int[] cuts = new int[count + 1];
        cuts[count] = total;
        if (count > 1) {
            Permutation places = new Permutation(total - 1L, key);
            for (int i = 1; i < count; i++) cuts[i] = 1 + (int) places.apply(i - 1);
            Arrays.sort(cuts, 1, count);
        }
        int[] pieces = new int[count];
        for (int i = 0; i < count; i++) pieces[i] = cuts[i + 1] - cuts[i];
        return pieces;
    }
}
