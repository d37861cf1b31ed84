package dev.crema.data;

import dev.crema.data.PairBatch.Pair;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Pairs that {@link PairTokenizer} tokenized, in batches of a fixed number; a side longer than a row is cut, but for its
 * end.
 */
public final class PairRows implements PairSource {
    private final Documents documents;
    private final int rows;
    private final int columns;
    private final Order order;
    private final int start;
    private long epoch;
    private long position;

    /**
     * @param columns tokens of each side at most
     * @param start the token that the decoder begins with
     */
    public PairRows(Documents documents, int rows, int columns, Order order, int start) {
        this.documents = documents;
        this.rows = rows;
        this.columns = columns;
        this.order = order;
        this.start = start;
    }

    /** Goes once over the pairs, as validation does; the last batch may have fewer. */
    public Iterator<PairBatch> onePass() {
        return new Iterator<>() {
            private long taken;

            @Override
            public boolean hasNext() {
                return taken < documents.count();
            }

            @Override
            public PairBatch next() {
                if (!hasNext()) throw new NoSuchElementException("the pass is over");
                List<Pair> pairs = new ArrayList<>();
                while (hasNext() && pairs.size() < rows) pairs.add(pair(taken++));
                return PairBatch.of(pairs, start);
            }
        };
    }

    @Override
    public PairBatch next() {
        List<Pair> pairs = new ArrayList<>();
        while (pairs.size() < rows) {
            pairs.add(pair(order.place(position, documents.count(), epoch)));
            if (++position == documents.count()) {
                position = 0;
                epoch++;
            }
        }
        return PairBatch.of(pairs, start);
    }

    private Pair pair(long document) {
        TokenCache cache = documents.cache();
        long first = documents.firstToken(document);
        long length = documents.firstPrediction(document + 1) - documents.firstPrediction(document) + 1;
        long border = 0;
        while (border < length && !cache.loss(first + border)) border++;
        return new Pair(side(cache, first, border), side(cache, first + border, length - border));
    }

    private int[] side(TokenCache cache, long first, long length) {
        int kept = (int) Math.min(columns, length);
        int[] ids = new int[kept];
        for (int i = 0; i < kept; i++) ids[i] = cache.token(first + i);
        if (kept < length) ids[kept - 1] = cache.token(first + length - 1);
        return ids;
    }

    @Override
    public Cursor cursor() {
        return new Cursor(label(), epoch, position, 0);
    }

    @Override
    public void seek(Cursor cursor) {
        cursor.check(label(), documents.count());
        epoch = cursor.epoch();
        position = cursor.position();
    }

    private String label() {
        return "pairs, " + columns + " tokens, " + order.label() + ", " + Labels.of(documents);
    }
}
