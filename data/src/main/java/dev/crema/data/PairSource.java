package dev.crema.data;

/** Gives pairs without end, and can go on from a cursor bit for bit. */
public interface PairSource {
    /** Returns the next batch. */
    PairBatch next();

    /** Returns the place of the next batch. */
    Cursor cursor();

    /** Goes to a place that {@link #cursor} returned. Throws InputException where it belongs to other data. */
    void seek(Cursor cursor);
}
