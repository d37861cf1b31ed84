package dev.crema.data;

import dev.crema.data.LabelledTexts.Batch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Batches of labelled texts without end, in another order in each pass; it can go on from a cursor bit for bit.
 *
 * <p>A batch is padded to its longest text, and of texts that come as they come that is more than half. So a window of the
 * shuffled texts is sorted by length before it is cut into batches, and the batches are shuffled again.
 */
public final class LabelledRows {
    /** Batches of a window: enough for texts of like length to meet, few enough for batches to differ in each pass. */
    private static final int WINDOW = 32;

    private final LabelledTexts texts;
    private final int rows;
    private final long seed;
    private final Order order;
    private long taken; // texts, in all passes
    private Window window = new Window(-1, List.of());

    /** The texts of a window, by their numbers, shorter ones first. */
    private record Window(long number, List<Integer> byLength) {}

    /** Takes {@code rows} texts at a time. */
    public LabelledRows(LabelledTexts texts, int rows, long seed) {
        this.texts = texts;
        this.rows = rows;
        this.seed = seed;
        this.order = new Order.Shuffled(seed);
    }

    /** Returns the next batch. */
    public Batch next() {
        long batch = taken / rows, number = batch / WINDOW;
        if (window.number() != number) window = window(number);
        int place = (int) new Permutation(WINDOW, Mix.mix(seed, number)).apply(batch % WINDOW);
        taken += rows;
        List<Integer> chosen = window.byLength().subList(place * rows, (place + 1) * rows);
        return new Batch(
                chosen.stream().map(texts.texts()::get).toList(),
                chosen.stream().map(texts.targets()::get).toList());
    }

    private Window window(long number) {
        List<Integer> chosen = new ArrayList<>();
        long size = (long) WINDOW * rows, count = texts.texts().size();
        for (long i = number * size; i < (number + 1) * size; i++) {
            chosen.add((int) order.place(i % count, count, i / count));
        }
        chosen.sort(Comparator.comparingInt(text -> texts.texts().get(text).length));
        return new Window(number, chosen);
    }

    /** Returns the place of the next batch. */
    public Cursor cursor() {
        long count = texts.texts().size();
        return new Cursor(label(), taken / count, taken % count, 0);
    }

    /** Goes to a place that {@link #cursor} returned. Throws InputException where it belongs to other data. */
    public void seek(Cursor cursor) {
        cursor.check(label(), texts.texts().size());
        taken = cursor.epoch() * texts.texts().size() + cursor.position();
    }

    private String label() {
        return "labelled, " + rows + " of like length, " + order.label() + ", "
                + texts.texts().size() + " of " + texts.key();
    }
}
