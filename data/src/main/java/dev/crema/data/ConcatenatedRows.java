package dev.crema.data;

import dev.crema.text.InputException;

/**
 * Rows for pretraining: all documents one after the other, cut every T predictions, so that no column is wasted.
 *
 * <p>Rows are taken in a random order, and each pass moves the cuts, so that no row repeats. A row holds pieces of several
 * documents; each piece has its own document number and positions from 0, so that attention stays inside it.
 * The n-th row needs no state: a permutation of the row numbers and a search in the document index find it.
 */
public final class ConcatenatedRows implements RowSource {
    private final Documents documents;
    private final int columns;
    private final Order order;
    private final Passes passes;

    /** Cuts rows of {@code columns} tokens. Throws where the corpus is shorter than one row. */
    public ConcatenatedRows(Documents documents, int columns, Order order) {
        this.documents = documents;
        this.columns = columns;
        this.order = order;
        this.passes = new Passes(documents.predictions() / columns);
        if (passes.rows() == 0) {
            throw new InputException("the corpus holds " + documents.predictions()
                    + " tokens to predict, fewer than one row of " + columns + "; use shorter rows or more text");
        }
    }

    /** Counts the rows of one pass. */
    public long rowsPerPass() {
        return passes.rows();
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public Cursor cursor() {
        return passes.cursor(label());
    }

    @Override
    public void seek(Cursor cursor) {
        passes.seek(cursor, label());
    }

    @Override
    public PackingReport report() {
        return passes.report(columns);
    }

    @Override
    public String label() {
        return "concatenated, rows of " + columns + ", " + order.label() + ", " + Labels.of(documents);
    }

    @Override
    public void write(RowWriter writer) {
        long row = order.place(passes.position(), passes.rows(), passes.epoch());
        long prediction = (firstCut() + row * columns) % documents.predictions();
        writer.beginRow();
        long document = documents.documentOf(prediction);
        int room = columns;
        while (room > 0) {
            long within = prediction - documents.firstPrediction(document);
            int take = (int) Math.min(room, documents.firstPrediction(document + 1) - prediction);
            writer.write(documents.cache(), documents.firstToken(document) + within, take);
            room -= take;
            prediction += take;
            document++;
            if (document == documents.count()) { // the cuts begin anywhere, so the end is followed by the beginning
                document = 0;
                prediction = 0;
            }
        }
        passes.advance();
    }

    private long firstCut() {
        return switch (order) {
            case Order.Stored() -> 0;
            case Order.Shuffled(long seed) -> Mix.below(seed, ~passes.epoch(), documents.predictions());
        };
    }
}
