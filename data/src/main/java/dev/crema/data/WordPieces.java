package dev.crema.data;

import dev.crema.text.InputException;
import dev.crema.text.SpecialTokens.SpecialToken;
import dev.crema.text.Tokenizer;
import java.util.BitSet;
import java.util.Optional;

/**
 * What a masked language model's data needs of a tokenizer.
 *
 * @param vocabulary one more than the highest id
 * @param mask the token that hides another
 * @param before the token before a row, if any
 * @param after the token behind it, if any
 * @param specials tokens that are never hidden, nor put in another's place
 * @param continuations tokens that go on with the word of the token before them
 */
public record WordPieces(
        int vocabulary,
        int mask,
        Optional<Integer> before,
        Optional<Integer> after,
        BitSet specials,
        BitSet continuations) {
    /**
     * Looks at a tokenizer's vocabulary: pieces inside a word begin with {@code ##} (BERT), or words begin with a space, as
     * byte-level BPE ({@code Ġ}) and SentencePiece ({@code ▁}) spell it.
     *
     * @throws InputException if it has no mask token
     */
    public static WordPieces of(Tokenizer tokenizer) {
        int mask = tokenizer
                .specials()
                .mask()
                .map(SpecialToken::id)
                .orElseThrow(() -> new InputException("the tokenizer has no mask token, which masked language modelling"
                        + " needs: add [MASK] to special_tokens of the tokenizer stage, or mask_token to"
                        + " tokenizer_config.json"));
        int size = tokenizer.vocabularySize();
        BitSet specials = new BitSet(size), continuations = new BitSet(size);
        tokenizer.specials().roles().values().forEach(special -> specials.set(special.id()));
        boolean marksInside = false, marksBeginning = false;
        String[] tokens = new String[size];
        for (int id = 0; id < size; id++) {
            tokens[id] = text(tokenizer, id);
            marksInside |= tokens[id].startsWith("##");
            marksBeginning |= beginsWord(tokens[id]);
        }
        for (int id = 0; id < size; id++) {
            boolean inside = marksInside ? tokens[id].startsWith("##") : marksBeginning && continuesWord(tokens[id]);
            continuations.set(id, inside && !specials.get(id));
        }
        return new WordPieces(
                size,
                mask,
                tokenizer.specials().cls().map(SpecialToken::id),
                tokenizer.specials().sep().map(SpecialToken::id),
                specials,
                continuations);
    }

    private static String text(Tokenizer tokenizer, int id) {
        try {
            return tokenizer.token(id);
        } catch (InputException e) { // a gap in the ids
            return "";
        }
    }

    private static boolean beginsWord(String token) {
        return token.startsWith("Ġ") || token.startsWith("▁");
    }

    /** A line's end ({@code Ċ}) and a mark by itself are words of their own. */
    private static boolean continuesWord(String token) {
        return !token.isEmpty()
                && Character.isLetterOrDigit(token.charAt(0))
                && !beginsWord(token)
                && token.charAt(0) != 'Ċ';
    }

    /** Counts the tokens around a row. */
    public int around() {
        return (before.isPresent() ? 1 : 0) + (after.isPresent() ? 1 : 0);
    }
}
