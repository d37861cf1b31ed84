package dev.crema.data;

import dev.crema.text.TokenizedText;
import dev.crema.text.Tokenizer;
import java.util.Arrays;

/**
 * Tokens of a text whose words have tags: a word's first token has its tag, the others and those around the text none, as
 * in Hugging Face's recipe for token classification.
 *
 * @param tags of each token; empty for none
 */
record TaggedWords(int[] ids, String[] tags) {
    /** Tokenizes words with a space between; what goes beyond {@code maxTokens} is cut off. */
    static TaggedWords of(Example.Tagged example, Tokenizer tokenizer, int maxTokens) {
        String text = String.join(" ", example.words());
        int[] ids = tokenizer.encodeWithSpecials(text, maxTokens);
        TokenizedText bare = tokenizer.tokenize(text);
        int around = tokenizer.encodeWithSpecials(text).length - bare.size();
        int kept = ids.length - around, before = 0;
        while (before < around && !Arrays.equals(ids, before, before + kept, bare.ids(), 0, kept)) before++;
        String[] tags = new String[ids.length];
        Arrays.fill(tags, "");
        int word = 0, begin = 0, last = -1; // the word that a token may be of, its place, the last word with a tag
        for (int token = 0; token < kept; token++) {
            int start = bare.starts()[token];
            // Some tokenizers count the space before a word to it.
            while (start < bare.ends()[token] && Character.isWhitespace(text.charAt(start))) start++;
            while (word < example.words().size()
                    && start >= begin + example.words().get(word).length()) {
                begin += example.words().get(word).length() + 1;
                word++;
            }
            boolean inWord =
                    start < bare.ends()[token] && word < example.words().size() && start >= begin;
            if (inWord && word != last) {
                tags[before + token] = example.tags().get(word);
                last = word;
            }
        }
        return new TaggedWords(ids, tags);
    }
}
