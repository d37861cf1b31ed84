package dev.crema.data;

/** One example to learn from, before tokenization. */
public sealed interface Example {
    /** Where a piece of text stands in its document. */
    enum Part {
        WHOLE,
        FIRST,
        MIDDLE,
        LAST;

        /** Tells whether a document begins here. */
        public boolean begins() {
            return this == WHOLE || this == FIRST;
        }

        /** Tells whether a document ends here. */
        public boolean ends() {
            return this == WHOLE || this == LAST;
        }
    }

    /** Text to predict in full; a long document comes in parts, in order. */
    record PlainText(String text, Part part) implements Example {
        public PlainText(String text) {
            this(text, Part.WHOLE);
        }
    }

    /** A completion to predict after a prompt. */
    record Completion(String prompt, String completion) implements Example {}

    /** Counts the characters, roughly, to bound what is held in memory. */
    default long chars() {
        return switch (this) {
            case PlainText(String text, Part part) -> text.length();
            case Completion(String prompt, String completion) -> prompt.length() + completion.length();
        };
    }
}
