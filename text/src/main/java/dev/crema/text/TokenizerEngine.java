package dev.crema.text;

/** Does the work of a {@link Tokenizer}; any number of threads may call it. */
sealed interface TokenizerEngine extends AutoCloseable permits NativeTokenizer, SentencePieces {
    int[] encode(String text, boolean withSpecials);

    int[][] encodeAll(String[] texts);

    TokenizedText tokenize(String text);

    String decode(int[] ids, boolean skipSpecials);

    @Override
    void close();
}
