package dev.crema.data;

import java.util.BitSet;

/**
 * The tokens of one example, or of one part of a long document.
 *
 * @param ids the tokens
 * @param loss the positions whose token is to be predicted; the others are context
 * @param part where this stands in its document
 */
public record TokenizedExample(int[] ids, BitSet loss, Example.Part part) {
    public TokenizedExample {
        if (loss.length() > ids.length) {
            throw new IllegalArgumentException(
                    "the loss mask reaches token " + (loss.length() - 1) + " of " + ids.length + " tokens");
        }
    }
}
