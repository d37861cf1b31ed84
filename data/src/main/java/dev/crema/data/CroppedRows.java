package dev.crema.data;

import dev.crema.text.InputException;

/**
 * Rows cropped at random from one long text, documents ignored, as nanoGPT reads its corpus.
 *
 * <p>Each row is T tokens and the one after, from a place drawn anew for each row; the whole row counts as one document.
 * A pass is the number of rows that the text has room for. In stored order the crops follow each other instead.
 */
public final class CroppedRows implements RowSource {
    private final Documents documents;
    private final int columns;
    private final Order order;
    private final long tokens;
    private final Passes passes;

    /** Crops rows of {@code columns} tokens. Throws where the text is shorter, or is no contiguous part of its cache. */
    public CroppedRows(Documents documents, int columns, Order order) {
        if (documents instanceof DocumentSelection) {
            throw new InputException("random crops need contiguous text, not documents chosen by hash;"
                    + " hold out the end of the text instead, or use packing");
        }
        this.documents = documents;
        this.columns = columns;
        this.order = order;
        this.tokens = documents.predictions() + documents.count();
        this.passes = new Passes((tokens - 1) / columns);
        if (passes.rows() == 0) {
            throw new InputException("the text holds " + tokens + " tokens, too few to crop " + columns
                    + " and the one after; use shorter rows or more text");
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
        return "cropped, rows of " + columns + ", " + order.label() + ", " + Labels.of(documents);
    }

    @Override
    public void write(RowWriter writer) {
        long start = switch (order) {
            case Order.Stored() -> passes.position() * columns;
            case Order.Shuffled(long seed) ->
                Mix.below(Mix.mix(seed, passes.epoch()), passes.position(), tokens - columns);
        };
        writer.beginRow();
        writer.write(documents.cache(), documents.firstToken(0) + start, columns);
        passes.advance();
    }
}
