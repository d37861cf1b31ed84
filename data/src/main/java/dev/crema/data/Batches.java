package dev.crema.data;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** Batches of a fixed number of rows. */
public final class Batches implements BatchSource {
    private final RowSource source;
    private final int rows;

    public Batches(RowSource source, int rows) {
        if (rows < 1) {
            throw new IllegalArgumentException("a batch of " + rows + " rows");
        }
        this.source = source;
        this.rows = rows;
    }

    /**
     * Goes once over the data from the source's place to the end of its pass, as validation does; the last batch may have
     * fewer rows.
     */
    public static Iterator<Batch> onePass(RowSource source, int rows) {
        return new OnePass(source, rows);
    }

    /** Returns where the rows come from. */
    public RowSource source() {
        return source;
    }

    @Override
    public Batch next() {
        RowWriter writer = new RowWriter(rows, source.columns());
        for (int row = 0; row < rows; row++) {
            source.write(writer);
        }
        return writer.batch();
    }

    @Override
    public Cursor cursor() {
        return source.cursor();
    }

    @Override
    public void seek(Cursor cursor) {
        source.seek(cursor);
    }

    private static final class OnePass implements Iterator<Batch> {
        private final RowSource source;
        private final int rows;
        private final long epoch;

        OnePass(RowSource source, int rows) {
            this.source = source;
            this.rows = rows;
            this.epoch = source.cursor().epoch();
        }

        @Override
        public boolean hasNext() {
            return source.cursor().epoch() == epoch;
        }

        @Override
        public Batch next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the pass is over");
            }
            RowWriter writer = new RowWriter(rows, source.columns());
            for (int row = 0; row < rows && hasNext(); row++) {
                source.write(writer);
            }
            return writer.batch();
        }
    }
}
