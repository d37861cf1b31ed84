package dev.crema.data;

import dev.crema.text.InputException;
import java.util.Arrays;

/**
 * Hides tokens for a masked language model to find (Devlin et al., "BERT", 2019).
 *
 * <p>Of the tokens chosen, 80% become the mask, 10% a random token and 10% stay as they are, so that the model cannot rely
 * on a mask where it has to know a word. Which ones is a function of the seed and the row's place in the data alone: a
 * resumed run sees the same, and each pass other ones.
 *
 * @param rate the part of the tokens that is chosen
 * @param wholeWords whether all pieces of a word are chosen together
 */
public record Masking(WordPieces pieces, double rate, boolean wholeWords, long seed) {
    public Masking {
        if (!(rate > 0 && rate < 1)) {
            throw new InputException(
                    "a masking rate of " + rate + " leaves nothing to learn; give one between 0 and 1");
        }
    }

    /**
     * Puts what surrounds a text around each row, and hides part of it.
     *
     * @param rows rows of T - {@link WordPieces#around} tokens, each of which becomes one text
     * @param place tells the batch from all others
     * @return rows of T; the targets are the hidden tokens, and {@link Batch#NO_LOSS} elsewhere
     */
    public Batch apply(Batch rows, long place) {
        int inner = rows.columns(),
                columns = inner + pieces.around(),
                first = pieces.before().isPresent() ? 1 : 0;
        int size = rows.rows() * columns;
        int[] ids = new int[size], targets = new int[size], positions = new int[size], documents = new int[size];
        Arrays.fill(targets, Batch.NO_LOSS);
        Arrays.fill(documents, Batch.PADDING);
        long tokens = 0;
        for (int row = 0; row < rows.rows(); row++) {
            int from = row * inner, to = row * columns, length = 0;
            while (length < inner && rows.documents()[from + length] != Batch.PADDING) length++;
            if (first > 0) ids[to] = pieces.before().orElseThrow();
            System.arraycopy(rows.ids(), from, ids, to + first, length);
            int end = first + length;
            if (pieces.after().isPresent()) ids[to + end++] = pieces.after().get();
            for (int t = 0; t < end; t++) {
                positions[to + t] = t;
                documents[to + t] = 0;
            }
            hide(ids, targets, to + first, length, Mix.mix(Mix.mix(seed, place), row));
            tokens += end;
        }
        return new Batch(rows.rows(), columns, ids, targets, positions, documents, tokens);
    }

    private void hide(int[] ids, int[] targets, int from, int length, long key) {
        int[] starts = new int[length]; // of the words, or of single tokens
        int words = 0, candidates = 0;
        for (int i = 0; i < length; i++) {
            int id = ids[from + i];
            if (pieces.specials().get(id)) continue;
            candidates++;
            boolean goesOn = wholeWords
                    && i > 0
                    && pieces.continuations().get(id)
                    && !pieces.specials().get(ids[from + i - 1]);
            if (!goesOn || words == 0) starts[words++] = i;
        }
        if (candidates == 0) return;
        int wanted = Math.max(1, (int) Math.round(candidates * rate)), chosen = 0;
        Permutation order = new Permutation(words, key);
        int[] original = Arrays.copyOfRange(ids, from, from + length);
        for (int n = 0; n < words && chosen < wanted; n++) {
            int start = starts[(int) order.apply(n)], end = start + 1;
            while (wholeWords && end < length && pieces.continuations().get(original[end])) end++;
            if (chosen > 0 && chosen + end - start > wanted) continue; // a shorter word may still fit
            for (int i = start; i < end; i++) {
                targets[from + i] = original[i];
                ids[from + i] = replacement(original[i], Mix.mix(key, i));
            }
            chosen += end - start;
        }
    }

    private int replacement(int id, long key) {
        double fate = Mix.unit(key, 0);
        if (fate < 0.8) return pieces.mask();
        if (fate < 0.9) return id;
        for (int attempt = 1; ; attempt++) {
            int random = (int) Mix.below(key, attempt, pieces.vocabulary());
            if (!pieces.specials().get(random)) return random;
        }
    }
}
