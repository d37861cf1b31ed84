package dev.crema.data;

import dev.crema.text.ChatTemplate;
import dev.crema.text.Tokenizer;
import java.util.List;

/** Turns examples into tokens and loss masks. */
public interface ExampleTokenizer {
    /**
     * Tokenizes text and completions. Plain text bears loss in full, a completion after its prompt; an EOS ends each where
     * the tokenizer has one, and a BOS begins it where the tokenizer puts one. Chats are refused.
     */
    static ExampleTokenizer of(Tokenizer tokenizer) {
        return new TextTokenizer(tokenizer);
    }

    /** Tokenizes chats too, as the template writes them; what the assistant says bears loss, its end-of-turn included. */
    static ExampleTokenizer of(Tokenizer tokenizer, ChatTemplate template) {
        return new ChatTokenizer(tokenizer, template);
    }

    /**
     * Tokenizes examples, in order; one result for each. Throws InputException where an example is of a kind that cannot be
     * tokenized, or the template refuses it.
     */
    List<TokenizedExample> tokenize(List<Example> examples);

    /** Returns one more than the highest token id. */
    int vocabularySize();

    /** Names everything that decides the result (vocabulary, template, rules); two equal names give equal tokens. */
    String fingerprint();
}
