package dev.crema.cli.bench;

import dev.crema.data.Batch;
import dev.crema.data.BatchSource;
import dev.crema.data.Cursor;
import java.util.List;
import java.util.SplittableRandom;

/** The same few random rows over and over: a model that learns brings their loss down. */
final class RandomBatches implements BatchSource {
    private final int rows;
    private final int columns;
    private final int[] tokens;

    RandomBatches(int rows, int columns, int vocabulary) {
        this.rows = rows;
        this.columns = columns;
        this.tokens = new SplittableRandom(1)
                .ints(rows * (columns + 1L), 0, vocabulary)
                .toArray();
    }

    @Override
    public Batch next() {
        int size = rows * columns;
        int[] ids = new int[size], targets = new int[size], positions = new int[size];
        for (int row = 0; row < rows; row++) {
            for (int t = 0; t < columns; t++) {
                int at = row * columns + t;
                ids[at] = tokens[row * (columns + 1) + t];
                targets[at] = tokens[row * (columns + 1) + t + 1];
                positions[at] = t;
            }
        }
        return new Batch(rows, columns, ids, targets, positions, new int[size], size);
    }

    @Override
    public Cursor cursor() {
        return new Cursor("random", 0, 0, 0, List.of());
    }

    @Override
    public void seek(Cursor cursor) {}
}
