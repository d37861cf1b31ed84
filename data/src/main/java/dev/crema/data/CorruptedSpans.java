package dev.crema.data;

/** Pairs for an encoder-decoder, of text with spans taken out. */
public final class CorruptedSpans implements PairSource {
    private final BatchSource rows;
    private final SpanCorruption corruption;

    /** Takes spans out of {@code rows}, which have {@link SpanCorruption#textTokens} columns. */
    public CorruptedSpans(BatchSource rows, SpanCorruption corruption) {
        this.rows = rows;
        this.corruption = corruption;
    }

    @Override
    public PairBatch next() {
        long place = MaskedBatches.place(rows.cursor());
        return corruption.apply(rows.next(), place);
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
