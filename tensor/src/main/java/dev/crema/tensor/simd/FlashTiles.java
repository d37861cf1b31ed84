package dev.crema.tensor.simd;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.machine.Tile.Right;

/**
 * The products of attention by blocks, in tiles. Scores and their like lie in rows a little further apart than their numbers
 * take, since rows 1,024 bytes apart want the same places of the first cache.
 */
final class FlashTiles {
    /** Bytes from a query's scores to the next's, or from a step of weights to the next. */
    static final int ROW_BYTES = FlashAttention.KEYS * 4 + 64;

    private static final long NOTHING = 0; // added to a tile's sums

    private final FlashAttention.Problem problem;
    private final Tile.Code[] scoring = new Tile.Code[Tile.MOST_ROWS + 1];
    private final Tile.Code[] mixing = new Tile.Code[Tile.MOST_ROWS + 1];
    private final Tile.Code[] mixingMore = new Tile.Code[Tile.MOST_ROWS + 1];
    private final Tile.Code[] collecting = new Tile.Code[Tile.MOST_ROWS + 1];

    FlashTiles(FlashAttention.Problem problem) {
        this.problem = problem;
        boolean pairs = !problem.wide();
        int size = problem.size() * problem.bytes(), columns = Panels.COLUMNS;
        Right rows = new Right.Rows(size);
        for (int n = 1; n <= Tile.MOST_ROWS; n++) {
            scoring[n] = new Tile(n, columns, size, 4, pairs, new Right.Steps(), Result.FP32).code();
            mixing[n] = new Tile(n, columns, weightBytes(), 4, pairs, rows, Result.FP32).code();
            mixingMore[n] = new Tile(n, columns, weightBytes(), 4, pairs, rows, Result.FP32_ADDED).code();
            collecting[n] = new Tile(n, columns, 4, ROW_BYTES, pairs, rows, Result.FP32_ADDED).code();
        }
    }

    /** Returns the bytes from a query's weights, row by row, to the next's. */
    int weightBytes() {
        return ROW_BYTES * problem.bytes() / 4;
    }

    /** Computes the scores of {@code count} queries, rows side by side, with some keys. */
    void score(long queries, int count, FlashKeys keys, int from, int to, long scores) {
        for (int key = from; key < to; key += Panels.COLUMNS) {
            long panel = keys.panel(key), at = scores + 4L * (key - from);
            scoring[count].run(queries, panel, keys.steps(), at, ROW_BYTES, panel, NOTHING);
        }
    }

    /**
     * Multiplies the weights of {@code count} queries with rows of values.
     *
     * @param mixed {@code [count, d]} in fp32
     * @param more whether what there is stays, and is added to
     */
    void mix(long weights, int count, FlashKeys values, int from, int to, long mixed, boolean more) {
        Tile.Code tile = more ? mixingMore[count] : mixing[count];
        long right = values.row(from);
        int steps = (to - from) / problem.pair();
        for (int column = 0; column < problem.size(); column += Panels.COLUMNS) {
            long part = right + (long) column * problem.bytes(), at = mixed + 4L * column;
            tile.run(weights, part, steps, at, 4L * problem.size(), part, at);
        }
    }

    /**
     * Adds to the sums of keys what rows of queries, weighted, bring. A query sees no key behind its own token.
     *
     * @param weights by steps of queries
     * @param key token of the first key, of {@code keys}
     * @param queries rows, an even number in bf16
     * @param from token of the first query, of {@code count}
     * @param sums {@code [keys, d]} in fp32
     */
    void collect(long weights, int key, int keys, long queries, int from, int count, long sums) {
        for (int i = 0; i < keys; i += Tile.MOST_ROWS) {
            int unseeing = Math.max(0, key + i - from) / problem.pair() * problem.pair();
            if (unseeing >= count) return;
            Tile.Code tile = collecting[Math.min(Tile.MOST_ROWS, keys - i)];
            int steps = (count - unseeing) / problem.pair();
            long row = (long) unseeing * problem.size() * problem.bytes();
            long left = weights + (long) unseeing / problem.pair() * ROW_BYTES + 4L * i;
            for (int column = 0; column < problem.size(); column += Panels.COLUMNS) {
                long right = queries + row + (long) column * problem.bytes();
                long at = sums + 4L * ((long) i * problem.size() + column);
                tile.run(left, right, steps, at, 4L * problem.size(), right, at);
            }
        }
    }
}
