package dev.crema.data;

/** Batches for a masked language model. */
public final class MaskedBatches implements BatchSource {
    private final BatchSource rows;
    private final Masking masking;

    /** Hides tokens of {@code rows}, which leave room for what stands around a text. */
    public MaskedBatches(BatchSource rows, Masking masking) {
        this.rows = rows;
        this.masking = masking;
    }

    @Override
    public Batch next() {
        long place = place(rows.cursor());
        return masking.apply(rows.next(), place);
    }

    /** Returns a number that tells a place in the data from all others. */
    static long place(Cursor cursor) {
        return Mix.mix(Mix.mix(cursor.epoch(), cursor.position()), cursor.offset());
    }

    @Override
    public Cursor cursor() {
        return rows.cursor();
    }

    @Override
    public void seek(Cursor cursor) {
        rows.seek(cursor);
    }
}
