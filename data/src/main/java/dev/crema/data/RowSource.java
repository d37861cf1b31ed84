package dev.crema.data;

/** Gives rows of token ids without end, pass after pass, and can go on from a cursor. Not thread-safe. */
public sealed interface RowSource permits ConcatenatedRows, PackedRows, CroppedRows, MixedRows {
    /** Returns the length T of a row. */
    int columns();

    /** Returns the place of the next row. */
    Cursor cursor();

    /** Goes to a place that {@link #cursor} returned. Throws InputException where it belongs to other data. */
    void seek(Cursor cursor);

    /** Reports the rows given so far and what packing cost. */
    PackingReport report();

    /** Names the data, the order and the packing; a cursor carries it. */
    String label();

    /** Writes the next row. */
    void write(RowWriter writer);
}
