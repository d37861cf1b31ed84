package dev.crema.data;

import dev.crema.text.InputException;

/** The documents between two tokens of a cache, the first and the last cut where the range cuts them. */
final class DocumentRange implements Documents {
    private final TokenCache cache;
    private final long from;
    private final long to;
    private final long firstDocument;
    private final long count;

    /** Takes tokens {@code from} to {@code to}; the documents at the ends must keep two tokens or more. */
    private DocumentRange(TokenCache cache, long from, long to) {
        this.cache = cache;
        this.from = from;
        this.to = to;
        this.firstDocument = cache.documentAtToken(from);
        this.count = cache.documentAtToken(to - 1) - firstDocument + 1;
    }

    static Sides split(TokenCache cache, double fraction) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new InputException("validation fraction " + fraction + " is not between 0 and 1");
        }
        long cut = (long) (cache.tokens() * (1 - fraction));
        if (cut >= 2 && cut <= cache.tokens() - 2) {
            long document = cache.documentAtToken(cut);
            long start = cache.firstToken(document);
            long end = cache.firstToken(document + 1);
            if (cut - start < 2) {
                cut = start; // one token alone predicts nothing
            } else if (end - cut < 2) {
                cut = end;
            }
        }
        if (cut < 2 || cut > cache.tokens() - 2) {
            throw new InputException("holding out the last " + fraction + " of " + cache.tokens()
                    + " tokens leaves one side empty; use another fraction or more text");
        }
        return new Sides(new DocumentRange(cache, 0, cut), new DocumentRange(cache, cut, cache.tokens()));
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public long predictions() {
        return to - from - count;
    }

    @Override
    public long firstPrediction(long document) {
        long token = document == count ? to : firstToken(document);
        return token - from - document;
    }

    @Override
    public long firstToken(long document) {
        return Math.max(from, cache.firstToken(firstDocument + document));
    }

    @Override
    public TokenCache cache() {
        return cache;
    }
}
