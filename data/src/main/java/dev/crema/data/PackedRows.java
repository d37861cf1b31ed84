package dev.crema.data;

import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows for fine-tuning: examples stay whole, and a row takes as many as fit.
 *
 * <p>A window of examples is taken in the pass's order and packed best fit, longest first: each example goes to the row
 * where it leaves the least room. The rows of the window are then taken in a random order. A window is packed again from
 * its number alone, so a cursor is the window and the rows already taken of it.
 *
 * <p>D. S. Johnson, "Near-optimal bin packing algorithms", 1973; H. Ding et al., "Fewer truncations improve language
 * modeling", 2024.
 */
public final class PackedRows implements RowSource {
    /** The default window: what packing loses at its end is spread over this many examples. */
    public static final int WINDOW = 4096;

    private final Documents documents;
    private final int columns;
    private final Order order;
    private final LongExample longExample;
    private final int window;
    private long epoch;
    private long position;
    private int offset;
    private List<List<Long>> rows = List.of();
    private long packedEpoch = -1;
    private long packedPosition = -1;
    private long given;
    private long padding;
    private long truncated;

    /** Packs rows of {@code columns} tokens over windows of {@link #WINDOW} examples. */
    public PackedRows(Documents documents, int columns, Order order, LongExample longExample) {
        this(documents, columns, order, longExample, WINDOW);
    }

    /** Packs rows of {@code columns} tokens over windows of {@code window} examples. */
    public PackedRows(Documents documents, int columns, Order order, LongExample longExample, int window) {
        if (window < 1 || columns < 1) {
            throw new IllegalArgumentException("a window of " + window + " examples, rows of " + columns);
        }
        this.documents = documents;
        this.columns = columns;
        this.order = order;
        this.longExample = longExample;
        this.window = window;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public Cursor cursor() {
        return new Cursor(label(), epoch, position, offset);
    }

    @Override
    public void seek(Cursor cursor) {
        cursor.check(label(), Math.ceilDiv(documents.count(), (long) window));
        epoch = cursor.epoch();
        position = cursor.position();
        offset = cursor.offset();
    }

    @Override
    public PackingReport report() {
        return new PackingReport(given, given * columns, padding, truncated);
    }

    @Override
    public String label() {
        return "packed, rows of " + columns + ", windows of " + window + ", " + longExample + ", " + order.label()
                + ", " + Labels.of(documents);
    }

    @Override
    public void write(RowWriter writer) {
        if (packedEpoch != epoch || packedPosition != position) {
            rows = pack();
            packedEpoch = epoch;
            packedPosition = position;
        }
        if (offset >= rows.size()) {
            throw new InputException("the data cursor points at row " + offset + " of " + rows.size()
                    + " in a window: the checkpoint is damaged; resume from another");
        }
        long seed = Mix.mix(epoch, position);
        int row = switch (order) {
            case Order.Stored() -> offset;
            case Order.Shuffled(long s) -> (int) new Permutation(rows.size(), s ^ seed).apply(offset);
        };
        writer.beginRow();
        int used = 0;
        for (long document : rows.get(row)) {
            int length = Math.min(documents.predictions(document), columns);
            truncated += documents.predictions(document) > columns ? 1 : 0;
            writer.write(documents.cache(), documents.firstToken(document), length);
            used += length;
        }
        given++;
        padding += columns - used;
        advance();
    }

    private void advance() {
        offset++;
        if (offset == rows.size()) {
            offset = 0;
            position++;
            if (position * window >= documents.count()) {
                position = 0;
                epoch++;
            }
        }
    }

    /** Returns the documents of each row of the window at hand. */
    private List<List<Long>> pack() {
        long first = position * window;
        int count = (int) Math.min(window, documents.count() - first);
        long[] chosen = new long[count];
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++) {
            chosen[i] = order.place(first + i, documents.count(), epoch);
            int predictions = documents.predictions(chosen[i]);
            if (predictions > columns && longExample == LongExample.REFUSE) {
                throw new InputException("an example of " + (predictions + 1) + " tokens does not fit rows of "
                        + columns + "; lengthen the rows or allow it to be truncated (long_example: truncate)");
            }
            lengths[i] = Math.min(predictions, columns);
        }
        List<List<Long>> packed = new ArrayList<>();
        for (List<Integer> bin : BestFit.pack(lengths, columns)) {
            packed.add(bin.stream().map(i -> chosen[i]).toList());
        }
        return packed;
    }
}
