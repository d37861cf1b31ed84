package dev.crema.data;

import dev.crema.data.LabelledTexts.Batch;
import java.util.ArrayList;
import java.util.List;

/** Batches of labelled texts without end, in another order in each pass; it can go on from a cursor bit for bit. */
public final class LabelledRows {
    private final LabelledTexts texts;
    private final int rows;
    private final Order order;
    private long epoch;
    private long position;

    /** Takes {@code rows} texts at a time. */
    public LabelledRows(LabelledTexts texts, int rows, long seed) {
        this.texts = texts;
        this.rows = rows;
        this.order = new Order.Shuffled(seed);
    }

    /** Returns the next batch. */
    public Batch next() {
        List<int[]> chosen = new ArrayList<>();
        List<int[]> targets = new ArrayList<>();
        int count = texts.texts().size();
        for (int row = 0; row < rows; row++) {
            int text = (int) order.place(position, count, epoch);
            chosen.add(texts.texts().get(text));
            targets.add(texts.targets().get(text));
            if (++position == count) {
                position = 0;
                epoch++;
            }
        }
        return new Batch(chosen, targets);
    }

    /** Returns the place of the next batch. */
    public Cursor cursor() {
        return new Cursor(label(), epoch, position, 0);
    }

    /** Goes to a place that {@link #cursor} returned. Throws InputException where it belongs to other data. */
    public void seek(Cursor cursor) {
        cursor.check(label(), texts.texts().size());
        epoch = cursor.epoch();
        position = cursor.position();
    }

    private String label() {
        return "labelled, " + order.label() + ", " + texts.texts().size() + " of " + texts.key();
    }
}
