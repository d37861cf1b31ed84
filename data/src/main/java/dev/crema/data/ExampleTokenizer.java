package dev.crema.data;

import dev.crema.text.Tokenizer;
import java.util.List;

/** Turns examples into tokens and loss masks. */
public interface ExampleTokenizer {
    /**
     * Tokenizes text and completions: plain text bears loss in full, a completion after its prompt; an EOS ends each where
     * the tokenizer has one, and a BOS begins it where the tokenizer puts one. Chats need a template.
     */
    static ExampleTokenizer of(Tokenizer tokenizer) {
        return new TextTokenizer(tokenizer);
    }

    /** Tokenizes examples, in order; one result for each. */
    List<TokenizedExample> tokenize(List<Example> examples);

    /** Returns one more than the highest token id. */
    int vocabularySize();

    /** Names everything that decides the result (vocabulary, template, rules); two equal names give equal tokens. */
    String fingerprint();
}
