package dev.crema.data;

import java.util.Arrays;

/** Collects the rows of one batch; row sources write through it. */
public final class RowWriter {
    private final int rows;
    private final int columns;
    private final int[] ids;
    private final int[] targets;
    private final int[] positions;
    private final int[] documents;
    private int row = -1;
    private int column;
    private int document;
    private long tokens;

    RowWriter(int rows, int columns) {
        this.rows = rows;
        this.columns = columns;
        this.ids = new int[rows * columns];
        this.targets = new int[rows * columns];
        this.positions = new int[rows * columns];
        this.documents = new int[rows * columns];
        Arrays.fill(targets, Batch.NO_LOSS);
        Arrays.fill(documents, Batch.PADDING);
    }

    int columns() {
        return columns;
    }

    /** Begins the next row; what is not written of it stays padding. */
    void beginRow() {
        if (++row == rows) {
            throw new IllegalStateException("the batch has its " + rows + " rows");
        }
        column = 0;
        document = 0;
    }

    /** Writes {@code count} predictions from {@code first} on as one document of the row. */
    void write(TokenCache cache, long first, int count) {
        if (column + count > columns) {
            throw new IllegalStateException((column + count) + " tokens in a row of " + columns);
        }
        int at = row * columns + column;
        int id = cache.token(first);
        for (int i = 0; i < count; i++) {
            int next = cache.token(first + i + 1);
            ids[at + i] = id;
            targets[at + i] = cache.loss(first + i + 1) ? next : Batch.NO_LOSS;
            positions[at + i] = i;
            documents[at + i] = document;
            id = next;
        }
        column += count;
        document++;
        tokens += count;
    }

    /** Returns the batch of the rows begun. */
    Batch batch() {
        int begun = row + 1;
        if (begun == rows) {
            return new Batch(rows, columns, ids, targets, positions, documents, tokens);
        }
        int size = begun * columns;
        return new Batch(
                begun,
                columns,
                Arrays.copyOf(ids, size),
                Arrays.copyOf(targets, size),
                Arrays.copyOf(positions, size),
                Arrays.copyOf(documents, size),
                tokens);
    }
}
