package dev.crema.text;

/**
 * Holds the ids of a text and where in it each token stands.
 *
 * <p>Token {@code i} covers {@code text.substring(starts[i], ends[i])}: offsets count UTF-16 code units, as
 * {@link String} does. Tokens that share one character (the bytes of an emoji) share its span. The arrays are the
 * caller's to keep.
 */
public record TokenizedText(int[] ids, int[] starts, int[] ends) {
    public TokenizedText {
        if (ids.length != starts.length || ids.length != ends.length) {
            throw new IllegalArgumentException(
                    "ids, starts and ends differ in length: " + ids.length + ", " + starts.length + ", " + ends.length);
        }
    }

    /** Count the tokens. */
    public int size() {
        return ids.length;
    }
}
