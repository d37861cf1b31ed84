package dev.crema.data;

/** Where a source of rows stands: at a row of a pass over a fixed number of rows, and passes follow without end. */
final class Passes {
    private final long rows;
    private long epoch;
    private long position;
    private long given;

    /** Begins at the first row of the first pass. */
    Passes(long rows) {
        this.rows = rows;
    }

    /** Counts the rows of one pass. */
    long rows() {
        return rows;
    }

    /** Returns the number of the pass. */
    long epoch() {
        return epoch;
    }

    /** Returns the number of the row within the pass. */
    long position() {
        return position;
    }

    /** Goes to the next row. */
    void advance() {
        given++;
        position++;
        if (position == rows) {
            position = 0;
            epoch++;
        }
    }

    Cursor cursor(String label) {
        return new Cursor(label, epoch, position, 0);
    }

    void seek(Cursor cursor, String label) {
        cursor.check(label, rows);
        epoch = cursor.epoch();
        position = cursor.position();
    }

    /** Reports rows of {@code columns} tokens without padding. */
    PackingReport report(int columns) {
        return new PackingReport(given, given * columns, 0, 0);
    }
}
