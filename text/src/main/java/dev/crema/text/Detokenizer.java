package dev.crema.text;

import java.util.Arrays;
import java.util.function.Function;

/**
 * Turns tokens into text as they arrive, giving each piece once it can no longer change.
 *
 * <p>A token may end inside a character (an emoji is four bytes, often four tokens), and a SentencePiece decoder drops
 * the space of whatever stands first. So tokens are never decoded alone: a short window of them is, and what is new in
 * its text is given out. Text that ends in U+FFFD may be half a character and is held back, but never more than
 * {@value #LONGEST_CHARACTER} places of it, so that a model which talks nonsense cannot make the window grow. Once all
 * of the window's text is out, only the tokens that gave its last piece stay, as context for the next.
 *
 * <p>One stream each; not for use by several threads at once.
 */
public final class Detokenizer {
    /** UTF-8 spells a character in at most four bytes, so at most three can wait for a fourth. */
    private static final int LONGEST_CHARACTER = 3;

    private static final char REPLACEMENT = '\uFFFD';

    private final Function<int[], String> decode;
    private int[] window = new int[16];
    private int size;
    /** Tokens of the window whose text was all given before the last piece. */
    private int context;
    /** Characters of the window's text that were given. */
    private int given;

    Detokenizer(Function<int[], String> decode) {
        this.decode = decode;
    }

    /** Take the next token; give the text that has become certain, often none. */
    public String append(int id) {
        if (size == window.length) {
            window = Arrays.copyOf(window, size * 2);
        }
        window[size++] = id;
        String text = text();
        int certain = certain(text);
        if (certain <= given) {
            return "";
        }
        String piece = text.substring(given, certain);
        given = certain;
        if (certain == text.length()) {
            size -= context;
            System.arraycopy(window, context, window, 0, size);
            context = size;
            given = text().length();
        }
        return piece;
    }

    /** End the stream; give what was held back. */
    public String finish() {
        String text = text();
        String rest = given < text.length() ? text.substring(given) : "";
        size = 0;
        context = 0;
        given = 0;
        return rest;
    }

    private String text() {
        return size == 0 ? "" : decode.apply(Arrays.copyOf(window, size));
    }

    private static int certain(String text) {
        int end = text.length();
        int least = Math.max(0, end - LONGEST_CHARACTER);
        while (end > least && text.charAt(end - 1) == REPLACEMENT) {
            end--;
        }
        return end;
    }
}
