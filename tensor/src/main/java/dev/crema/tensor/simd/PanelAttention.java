package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.RowFunction;
import dev.crema.tensor.machine.RowFunction.Format;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.machine.Tile.Right;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of one new token of each row to what a cache holds, as {@link DecodeAttention} has it, by machine code.
 *
 * <p>The cache lies in panels as {@link Tile} reads them, so that both of its products are tiles: a panel of keys holds
 * tokens, and its steps go along the head; a panel of values holds dimensions of the head, and its steps go along the
 * tokens. All is read in the order in which it lies, and while one head's keys and values are multiplied, those of the next
 * are fetched. Queries and weights are rounded to the cache's type before they are multiplied; sums are in fp32.
 */
public final class PanelAttention {
    private static final int LINE = 64, WIDTH = Panels.COLUMNS;
    private static final long NOTHING = 0; // added to a tile's sums

    private static final RowFunction.Code EXPONENTIAL =
            new RowFunction(RowFunction.Kind.EXPONENTIAL, Format.FP32, Format.FP32).code();

    private final PanelHeads cache;
    private final TurnedHeads projection;
    private final int heads;
    private final int length;
    private final int[] starts;
    private final Rows out;
    private final int stride;
    private final RowFunction.Code weigh; // scores by the inverse of their sum

    /**
     * @param projection {@code [B, (H + 2 K) d]}: the new tokens' queries, keys and values, of the cache's type
     * @param turn how queries and keys turn; cosines and sines {@code [B, r / 2]} for the first r dimensions of a head
     * @param length S tokens in use, the new one included
     * @param starts the first slot of each row that holds a token
     * @param out {@code [B, H d]}
     */
    public PanelAttention(PanelHeads cache, Rows projection, HeadRows.Turn turn, int length, int[] starts, Rows out) {
        this.cache = cache;
        this.projection = new TurnedHeads(projection, turn, cache.size());
        this.heads = projection.columns() / cache.size() - 2 * cache.shared();
        this.length = length;
        this.starts = starts;
        this.out = out;
        // Tiles know the distance of their rows, so there should be few: powers of two, and a bit for the cache's sake.
        this.stride = 2 * Integer.highestOneBit(Math.max(WIDTH, length)) + WIDTH;
        this.weigh = new RowFunction(RowFunction.Kind.MULTIPLE, Format.FP32, cache.wide() ? Format.FP32 : Format.BF16)
                .code();
    }

    private int group() {
        return heads / cache.shared();
    }

    private int parts() {
        return Crew.parts(projection.rows().count() * cache.shared(), 1);
    }

    /** Returns how much memory {@link #run} computes in. */
    public long scratchBytes() {
        return parts() * partBytes();
    }

    private long partBytes() {
        return 4L * group() * (cache.size() + 2L * stride) + 3 * LINE;
    }

    /** What a task computes in: queries and weights in the cache's type, scores in fp32. */
    private record Scratch(Rows queries, long scores, Rows weights, float[] head) {
        static Scratch of(long address, boolean wide, int group, int size, int stride) {
            long queries = aligned(address), scores = aligned(queries + 4L * group * size);
            long weights = aligned(scores + 4L * group * stride);
            return new Scratch(
                    new Rows(queries, wide, group, size, size),
                    scores,
                    new Rows(weights, wide, group, stride, stride),
                    new float[size]);
        }

        private static long aligned(long address) {
            return (address + LINE - 1) / LINE * LINE;
        }
    }

    /** The code for so many queries; the last panel of values may be narrower. */
    private record Tiles(Tile.Code score, Tile.Code mix, Tile.Code mixLast) {}

    private Tiles tiles(int rows) {
        int size = cache.size(), last = size - (size - 1) / WIDTH * WIDTH;
        Result result = cache.wide() ? Result.FP32 : Result.BF16;
        return new Tiles(
                tile(rows, WIDTH, size * cache.bytes(), Result.FP32),
                tile(rows, WIDTH, stride * cache.bytes(), result),
                tile(rows, last, stride * cache.bytes(), result));
    }

    private Tile.Code tile(int rows, int columns, int rowBytes, Result result) {
        return new Tile(rows, columns, rowBytes, 4, !cache.wide(), new Right.Steps(), result).code();
    }

    /**
     * Takes the new keys and values up and computes {@code softmax(scale q kᵀ) v} for every row and head.
     *
     * @param memory address of {@link #scratchBytes} bytes
     */
    public void run(float scale, long memory) {
        int shared = cache.shared(), parts = parts(), group = group();
        Scratch[] scratch = new Scratch[parts];
        for (int i = 0; i < parts; i++) {
            scratch[i] = Scratch.of(memory + i * partBytes(), cache.wide(), group, cache.size(), stride);
        }
        Tiles whole = tiles(Math.min(group, Tile.MOST_ROWS));
        Tiles rest = group % Tile.MOST_ROWS == 0 ? whole : tiles(group % Tile.MOST_ROWS);
        Crew.runParts(projection.rows().count() * shared, parts, (part, task) -> {
            int row = (int) (task / shared), head = (int) (task % shared);
            append(task, row, head, scratch[part].head());
            readQueries(row, head, scale, scratch[part]);
            for (int from = 0; from < group; from += Tile.MOST_ROWS) {
                int count = Math.min(Tile.MOST_ROWS, group - from);
                Tiles tiles = count == Tile.MOST_ROWS ? whole : rest;
                score(tiles, task, from, starts[row], scratch[part]);
                for (int i = from; i < from + count; i++) softmax(scratch[part], i, starts[row]);
                mix(tiles, task, from, starts[row], out.at(row, (head * group + from) * cache.size()), scratch[part]);
            }
        });
    }

    private void append(long task, int row, int head, float[] key) {
        int size = cache.size();
        projection.read(row, (heads + head) * size, 1, key, 0);
        cache.appendKey(task, length - 1, key);
        cache.appendValue(task, length - 1, projection.rows().at(row, (heads + cache.shared() + head) * size));
    }

    private void readQueries(int row, int head, float scale, Scratch scratch) {
        int size = cache.size(), group = group();
        for (int i = 0; i < group; i++) {
            projection.read(row, (head * group + i) * size, scale, scratch.head(), 0);
            Lanes.write(cache.wide(), scratch.queries().at(i, 0), scratch.head(), 0, size, 1);
        }
    }

    private void score(Tiles tiles, long task, int from, int start, Scratch scratch) {
        int steps = cache.size() / cache.pair();
        long queries = scratch.queries().at(from, 0), scores = scratch.scores() + 4L * from * stride;
        for (int s = start / WIDTH * WIDTH; s < length; s += WIDTH) {
            long key = cache.keys(task, s), next = cache.keys(task + 1, s);
            tiles.score().run(queries, key, steps, scores + 4L * s, 4L * stride, next, NOTHING);
        }
    }

    private void mix(Tiles tiles, long task, int from, int start, long to, Scratch scratch) {
        int size = cache.size(), first = start / cache.pair(), steps = Math.ceilDiv(length, cache.pair()) - first;
        long weights = scratch.weights().at(from, first * cache.pair());
        for (int i = 0; i < size; i += WIDTH) {
            Tile.Code tile = i + WIDTH < size ? tiles.mix() : tiles.mixLast();
            long value = cache.values(task, i, first), next = cache.values(task + 1, i, first);
            tile.run(weights, value, steps, to + (long) i * cache.bytes(), (long) size * cache.bytes(), next, NOTHING);
        }
    }

    /** Turns a query's scores into weights that sum to one; slots before the first token and behind the last get zero. */
    private void softmax(Scratch scratch, int query, int start) {
        int first = start / WIDTH * WIDTH, end = Math.ceilDiv(length, WIDTH) * WIDTH;
        long scores = scratch.scores() + 4L * query * stride, at = scores + 4L * first;
        for (int s = first; s < start; s++) Lanes.storeScalar(true, scores + 4L * s, Float.NEGATIVE_INFINITY);
        for (int s = length; s < end; s++) Lanes.storeScalar(true, scores + 4L * s, Float.NEGATIVE_INFINITY);
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int s = first; s < end; s += N) most = most.max(Lanes.load(true, scores + 4L * s));
        int vectors = (end - first) / RowFunction.LANES;
        float sum = EXPONENTIAL.run(at, at, vectors, most.reduceLanes(VectorOperators.MAX), 1, 1);
        weigh.run(at, scratch.weights().at(query, first), vectors, 0, 1, 1 / sum);
    }
}
