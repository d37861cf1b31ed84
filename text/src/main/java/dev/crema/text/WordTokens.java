package dev.crema.text;

import java.util.Arrays;
import java.util.List;

/**
 * Tokens of a text that is given as words, and which of them begin a word: what a token classifier learns and judges.
 *
 * @param ids with what the tokenizer puts around a text
 * @param words for each token the number of the word that it begins, or {@link #NONE}
 */
public record WordTokens(int[] ids, int[] words) {
    /** The word of a token that begins none. */
    public static final int NONE = -1;

    /**
     * Tokenizes words with a space between, and one before the first if words begin with it; what goes beyond
     * {@code maxTokens} is cut off.
     */
    public static WordTokens of(List<String> words, Tokenizer tokenizer, int maxTokens) {
        String lead = lead(tokenizer), text = lead + String.join(" ", words);
        int[] ids = tokenizer.encodeWithSpecials(text, maxTokens);
        TokenizedText bare = tokenizer.tokenize(text);
        int around = tokenizer.encodeWithSpecials(text).length - bare.size();
        int kept = ids.length - around, before = 0;
        while (before < around && !Arrays.equals(ids, before, before + kept, bare.ids(), 0, kept)) before++;
        int[] begun = new int[ids.length];
        Arrays.fill(begun, NONE);
        int word = 0,
                begin = lead.length(),
                last = NONE; // the word that a token may be of, its place, the last word begun
        for (int token = 0; token < kept; token++) {
            int start = bare.starts()[token];
            // Some tokenizers count the space before a word to it.
            while (start < bare.ends()[token] && Character.isWhitespace(text.charAt(start))) start++;
            while (word < words.size() && start >= begin + words.get(word).length()) {
                begin += words.get(word).length() + 1;
                word++;
            }
            boolean inWord = start < bare.ends()[token] && word < words.size() && start >= begin;
            if (inWord && word != last) {
                begun[before + token] = word;
                last = word;
            }
        }
        return new WordTokens(ids, begun);
    }

    /** Returns what makes the first word a word like the others: a space, if their tokens begin with one (RoBERTa). */
    private static String lead(Tokenizer tokenizer) {
        return uniform(tokenizer, "a a") || !uniform(tokenizer, " a a") ? "" : " ";
    }

    private static boolean uniform(Tokenizer tokenizer, String text) {
        return Arrays.stream(tokenizer.tokenize(text).ids()).distinct().count() == 1;
    }
}
