package dev.crema.data;

import java.util.List;

/** Turns examples into tokens and loss masks; {@link ChatTokenizer} does it with a tokenizer and a chat template. */
public interface ExampleTokenizer {
    /** Tokenizes examples, in order; one result for each. */
    List<TokenizedExample> tokenize(List<Example> examples);

    /** Returns one more than the highest token id. */
    int vocabularySize();

    /** Names everything that decides the result (vocabulary, template, rules); two equal names give equal tokens. */
    String fingerprint();
}
