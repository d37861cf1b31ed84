package dev.crema.data;

/**
 * Tokenized documents with random access: a whole cache, or a part of it ({@link #split}).
 *
 * <p>A document of L tokens gives L - 1 predictions, each a token and the one that follows; its last token is only ever
 * a target. So predictions, numbered through all documents, are what rows are cut from.
 */
public sealed interface Documents permits TokenCache, DocumentSelection, DocumentRange {
    /** Counts the documents. */
    long count();

    /** Counts the predictions of all documents. */
    long predictions();

    /** Returns the number of the first prediction of a document. {@code firstPrediction(count())} is their sum. */
    long firstPrediction(long document);

    /** Returns where the document's tokens begin in the cache. */
    long firstToken(long document);

    /** Returns the cache that holds the tokens. */
    TokenCache cache();

    /** Counts the predictions of a document: its tokens less one. */
    default int predictions(long document) {
        return Math.toIntExact(firstPrediction(document + 1) - firstPrediction(document));
    }

    /** Finds the document that a prediction belongs to. */
    default long documentOf(long prediction) {
        long low = 0;
        long high = count() - 1;
        while (low < high) {
            long middle = (low + high + 1) >>> 1;
            if (firstPrediction(middle) <= prediction) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** Two sides of a split that share no document, or no token of a long one. */
    record Sides(Documents train, Documents validation) {}

    /**
     * Splits by the hash of each document, so that equal documents fall on the same side and more data moves none.
     *
     * @param fraction the part held out, in (0, 1)
     */
    static Sides split(TokenCache cache, double fraction) {
        return DocumentSelection.split(cache, fraction);
    }

    /** Splits contiguous text: the last {@code fraction} of the tokens is held out. */
    static Sides splitTrailing(TokenCache cache, double fraction) {
        return DocumentRange.split(cache, fraction);
    }
}
