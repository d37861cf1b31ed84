package dev.crema.text.gguf;

import dev.crema.text.InputException;
import java.util.Optional;

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
     * Read the pieces, if a file's tokenizer is of this kind.
     *
     * @throws InputException if the vocabulary or its scores are missing or do not agree
     */
    public static Optional<ScoredPieces> of(GgufFile file) {
        if (!file.metadata().optionalText("tokenizer.ggml.model").equals(Optional.of("llama"))) {
            return Optional.empty();
        }
        String path = file.path().toString();
        return Optional.of(of(path, file.metadata(), GgufVocabulary.of(path, file.metadata())));
    }

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
