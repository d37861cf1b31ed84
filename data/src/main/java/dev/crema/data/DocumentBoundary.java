package dev.crema.data;

/** Says where one document of a plain text file ends and the next begins. */
public sealed interface DocumentBoundary {
    /** Takes a whole file as one document. */
    record WholeFile() implements DocumentBoundary {}

    /** Ends a document at each run of blank lines. */
    record BlankLines() implements DocumentBoundary {}

    /** Ends a document at each occurrence of a marker such as {@code <|endoftext|>}, which is dropped. */
    record Separator(String text) implements DocumentBoundary {
        public Separator {
            if (text.isEmpty()) {
                throw new IllegalArgumentException("a separator needs at least one character");
            }
        }
    }
}
