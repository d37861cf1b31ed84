package dev.crema.infer;

/** Sees each token as it is chosen, and may end its sequence. */
@FunctionalInterface
public interface TokenListener {
    /** Takes every token and ends nothing. */
    TokenListener NONE = (sequence, token) -> true;

    /** Returns whether the sequence goes on after this token. */
    boolean accept(int sequence, int token);
}
