package dev.crema.data;

import dev.crema.text.InputException;
import java.util.Arrays;

/** Some documents of a cache, by number; 12 bytes of heap each. */
final class DocumentSelection implements Documents {
    private final TokenCache cache;
    private final int[] documents;
    private final long[] firstPrediction;

    private DocumentSelection(TokenCache cache, int[] documents) {
        this.cache = cache;
        this.documents = documents;
        this.firstPrediction = new long[documents.length + 1];
        for (int i = 0; i < documents.length; i++) {
            firstPrediction[i + 1] = firstPrediction[i] + cache.predictions(documents[i]);
        }
    }

    static Sides split(TokenCache cache, double fraction) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new InputException("validation fraction " + fraction + " is not between 0 and 1");
        }
        int count = Math.toIntExact(cache.count());
        int[] train = new int[count];
        int[] validation = new int[count];
        int kept = 0;
        int held = 0;
        for (int document = 0; document < count; document++) {
            if (Mix.unit(cache.hash(document), 0) < fraction) {
                validation[held++] = document;
            } else {
                train[kept++] = document;
            }
        }
        if (held == 0 || kept == 0) {
            throw new InputException("holding out " + fraction + " of " + count + " documents leaves one side empty;"
                    + " use another fraction, more documents, or hold out the end of the text");
        }
        return new Sides(
                new DocumentSelection(cache, Arrays.copyOf(train, kept)),
                new DocumentSelection(cache, Arrays.copyOf(validation, held)));
    }

    @Override
    public long count() {
        return documents.length;
    }

    @Override
    public long predictions() {
        return firstPrediction[documents.length];
    }

    @Override
    public long firstPrediction(long document) {
        return firstPrediction[(int) document];
    }

    @Override
    public long firstToken(long document) {
        return cache.firstToken(documents[(int) document]);
    }

    @Override
    public TokenCache cache() {
        return cache;
    }
}
