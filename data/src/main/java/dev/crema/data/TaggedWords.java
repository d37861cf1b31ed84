package dev.crema.data;

import dev.crema.text.Tokenizer;
import dev.crema.text.WordTokens;
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
        WordTokens tokens = WordTokens.of(example.words(), tokenizer, maxTokens);
        String[] tags = Arrays.stream(tokens.words())
                .mapToObj(word -> word == WordTokens.NONE ? "" : example.tags().get(word))
                .toArray(String[]::new);
        return new TaggedWords(tokens.ids(), tags);
    }
}
