package dev.crema.text.gguf;

import dev.crema.text.InputException;

/**
 * The vocabulary of a SentencePiece model: pieces of text with the scores by which neighbours merge.
 *
 * @param prefixesSpace whether a text is read as if a space stood before it
 */
public record ScoredPieces(GgufVocabulary vocabulary, boolean prefixesSpace) {
    /** SentencePiece's sign for a space. */
    public static final String SPACE = "\u2581";

    /** SentencePiece itself makes none of more than 16 letters; long runs of spaces are added. */
    private static final int LONGEST = 1024;

    /**
     * Pair a vocabulary with what the metadata says of spaces.
     *
     * @throws InputException if the scores are missing, or a piece is too long
     */
    static ScoredPieces of(String file, GgufMetadata metadata, GgufVocabulary vocabulary) {
        if (vocabulary.scores().length == 0) {
            throw new InputException(file + ": " + GgufVocabulary.SCORES + " is missing; SentencePiece merges by them");
        }
        for (String token : vocabulary.tokens()) {
            if (token.length() > LONGEST) {
                throw new InputException(file + ": a piece of " + token.length() + " characters is too long; at most "
                        + LONGEST + " are read");
            }
        }
        return new ScoredPieces(vocabulary, metadata.flag("tokenizer.ggml.add_space_prefix", true));
    }
}
