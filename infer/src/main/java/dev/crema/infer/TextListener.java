package dev.crema.infer;

/** Sees text as it comes, and may end it. */
@FunctionalInterface
public interface TextListener {
    /** Takes all text and ends nothing. */
    TextListener NONE = piece -> true;

    /**
     * Takes the text that a token has made certain, which is empty while a character or a stop string may be unfinished.
     *
     * @return whether the text goes on
     */
    boolean accept(String piece);
}
