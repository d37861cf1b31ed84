package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.MEMORY;
import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.RowFunction;
import dev.crema.tensor.machine.RowFunction.Format;
import dev.crema.tensor.machine.RowFunction.Kind;
import dev.crema.tensor.machine.ScoreGradients;
import dev.crema.tensor.machine.Tile;
import jdk.incubator.vector.FloatVector;

/** {@link FlashAttention#backward} of some queries, on one thread. */
final class FlashBackward {
    /** Queries whose weights are kept until they are multiplied with the queries and the gradients. */
    static final int QUERIES = 96;

    /** Queries that are weighed at a time: an even number, no more than a tile has rows. */
    private static final int TILE = Tile.MOST_ROWS / 2 * 2;

    private final FlashAttention.Problem problem;
    private final FlashHeads heads;
    private final FlashTiles tiles;
    private final FlashKeys keys;
    private final FlashKeys values;
    private final long queries;
    private final long gradients; // of what was mixed, [queries, d]
    private final long scores; // of a tile
    private final long weightGradients; // of a tile
    private final long scoreGradients; // of a tile, row by row
    private final long weightSteps;
    private final long scoreSteps;
    private final long queryGradients; // [queries, d] in fp32
    private final long turned; // a head in fp32, or in bf16
    private final long sums; // of the gradients of keys and of values, [slots, d] each in fp32
    private final long end;
    private final ScoreGradients.Code weighing;
    private final RowFunction.Code rounding;
    private final float[] logarithms = new float[QUERIES];
    private final float[] products = new float[QUERIES]; // Σ g o

    FlashBackward(FlashAttention.Problem problem, FlashTiles tiles, long address) {
        Scratch scratch = new Scratch(address);
        this.problem = problem;
        this.heads = new FlashHeads(problem);
        this.tiles = tiles;
        this.keys = new FlashKeys(problem, scratch, true);
        this.values = new FlashKeys(problem, scratch, true);
        this.queries = scratch.take((long) QUERIES * heads.rowBytes());
        this.gradients = scratch.take((long) QUERIES * heads.rowBytes());
        this.scores = scratch.take((long) TILE * FlashTiles.ROW_BYTES);
        this.weightGradients = scratch.take((long) TILE * FlashTiles.ROW_BYTES);
        this.weightSteps = scratch.take(steps(QUERIES) * FlashTiles.ROW_BYTES);
        this.scoreSteps = scratch.take(steps(QUERIES) * FlashTiles.ROW_BYTES);
        this.scoreGradients = scratch.take((long) TILE * tiles.weightBytes());
        this.queryGradients = scratch.take(4L * QUERIES * problem.size());
        this.turned = scratch.take(4L * problem.size());
        this.sums = scratch.take(sumBytes());
        this.end = scratch.end();
        boolean pairs = !problem.wide();
        this.weighing = new ScoreGradients(pairs, FlashTiles.ROW_BYTES, tiles.weightBytes()).code();
        this.rounding = new RowFunction(Kind.MULTIPLE, Format.FP32, pairs ? Format.BF16 : Format.FP32).code();
    }

    private long steps(int queries) {
        return queries / problem.pair();
    }

    long end() {
        return end;
    }

    long sums() {
        return sums;
    }

    /** Returns how much memory the gradients of a head's keys and values take. */
    long sumBytes() {
        return 2 * keySumBytes();
    }

    private long keySumBytes() {
        return 4L * FlashKeys.slots(problem) * problem.size();
    }

    /**
     * Computes the gradients of some of the queries that look at a head of keys, and what they bring to those of its keys
     * and values.
     *
     * @param index of the head of keys among those of all rows
     * @param to the address of the latter
     */
    void run(int index, int fromUnit, int toUnit, Rows out, long logarithms, Rows gradient, Rows result, long to) {
        int row = index / problem.shared(), shared = index % problem.shared();
        int blocks = Math.ceilDiv(problem.tokens(), QUERIES);
        keys.read(row, keyColumn(shared), problem.turn());
        values.read(row, valueColumn(shared), new HeadRows.Turn.None());
        MEMORY.asSlice(to, sumBytes()).fill((byte) 0);
        for (int unit = fromUnit; unit < toUnit; unit++) {
            int head = shared * problem.group() + unit / blocks, from = unit % blocks * QUERIES;
            int count = Math.min(QUERIES, problem.tokens() - from);
            read(row, head, from, count, out, logarithms, gradient);
            differentiate(row, from, count, to);
            writeQueries(row, head, from, count, result);
        }
    }

    private int keyColumn(int shared) {
        return (problem.heads() + shared) * problem.size();
    }

    private int valueColumn(int shared) {
        return (problem.heads() + problem.shared() + shared) * problem.size();
    }

    /** Reads a block of queries and what is known of them; one that makes the last a pair is zero. */
    private void read(int row, int head, int from, int count, Rows out, long logs, Rows gradient) {
        int column = head * problem.size(), room = even(count);
        long token = (long) row * problem.tokens() + from;
        heads.read(problem.projection(), column, problem.turn(), token, count, queries, room);
        heads.read(gradient, column, new HeadRows.Turn.None(), token, count, gradients, room);
        for (int i = 0; i < room; i++) {
            long at = (((long) row * problem.heads() + head) * problem.tokens() + from + i) * 4;
            products[i] = i < count ? product(i, out.at(token + i, column)) : 0;
            logarithms[i] = i < count ? Lanes.loadScalar(true, logs + at) : 0;
        }
    }

    /** Returns so many queries, and one more if bf16's pairs want it. */
    private int even(int count) {
        return Math.ceilDiv(count, problem.pair()) * problem.pair();
    }

    /** Multiplies the gradient of a query of the block with what it mixed. */
    private float product(int query, long mixed) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        long gradient = gradients + (long) query * heads.rowBytes();
        for (int i = 0; i < problem.size(); i += N) {
            long at = (long) i * problem.bytes();
            sum = Lanes.load(problem.wide(), gradient + at).fma(Lanes.load(problem.wide(), mixed + at), sum);
        }
        return Lanes.sum(sum);
    }

    private void differentiate(int row, int from, int count, long to) {
        int even = even(count);
        SeenKeys.Stretch seen = problem.seen(row, from, count);
        for (int key = seen.low(), end; key < seen.high(); key = seen.next(end)) {
            end = seen.end(key, FlashAttention.KEYS);
            for (int tile = 0; tile < count; tile += TILE) {
                weigh(row, from, tile, Math.min(TILE, count - tile), key, end, key > seen.low());
            }
            long at = to + 4L * key * problem.size();
            tiles.collect(scoreSteps, key, end - key, queries, from, even, at);
            tiles.collect(weightSteps, key, end - key, gradients, from, even, at + keySumBytes());
        }
    }

    /** Computes the weights of a tile of queries with some keys, the gradients of their scores, and the queries' own. */
    private void weigh(int row, int from, int tile, int count, int fromKey, int toKey, boolean more) {
        int begin = from + tile, pair = problem.pair(), even = even(count);
        SeenKeys.Stretch seen = problem.seen(row, begin, count);
        int low = seen.from(fromKey), high = Math.min(toKey, seen.high());
        for (int i = tile; i < tile + even; i += pair) {
            long step = steps(i) * FlashTiles.ROW_BYTES;
            clearOutside(weightSteps + step, fromKey, toKey, low, high);
            clearOutside(scoreSteps + step, fromKey, toKey, low, high);
        }
        long mixed = queryGradients + 4L * tile * problem.size();
        if (low >= high) {
            if (!more) MEMORY.asSlice(mixed, 4L * even * problem.size()).fill((byte) 0);
            return;
        }
        long rows = (long) tile * heads.rowBytes();
        tiles.score(queries + rows, even, keys, low, high, scores);
        tiles.score(gradients + rows, even, values, low, high, weightGradients);
        for (int i = 0; i < even; i++) {
            long at = scores + (long) i * FlashTiles.ROW_BYTES;
            int token = begin + i, query = row * problem.tokens() + token;
            if (i < count) FlashForward.hide(at, low, high, problem.seen(), query, token + 1);
            else FlashForward.hide(at, low, low, high);
        }
        for (int i = 0; i < even; i += pair) {
            long offset = (long) i * FlashTiles.ROW_BYTES, written = (long) i * tiles.weightBytes();
            long step = steps(tile + i) * FlashTiles.ROW_BYTES + 4L * (low - fromKey);
            weighing.run(
                    scores + offset,
                    weightGradients + offset,
                    (high - low) / N,
                    weightSteps + step,
                    scoreSteps + step,
                    scoreGradients + written,
                    problem.scale(),
                    logarithms,
                    products,
                    tile + i);
        }
        long left = problem.wide()
                ? scoreSteps + steps(tile) * FlashTiles.ROW_BYTES + 4L * (low - fromKey)
                : scoreGradients;
        tiles.mix(left, even, keys, low, high, mixed, more);
    }

    private static void clearOutside(long step, int from, int to, int low, int high) {
        int begin = Math.clamp(low, from, to), end = Math.clamp(high, begin, to);
        clear(step, begin - from);
        clear(step + 4L * (end - from), to - end);
    }

    private static void clear(long at, int keys) {
        for (int i = 0; i < keys; i += N) Lanes.store(true, at + 4L * i, FloatVector.zero(Lanes.F));
    }

    private void writeQueries(int row, int head, int from, int count, Rows result) {
        for (int i = 0; i < count; i++) {
            long token = (long) row * problem.tokens() + from + i;
            long at = queryGradients + 4L * i * problem.size();
            write(at, result, token, head * problem.size(), problem.turn(), problem.scale());
        }
    }

    /** Writes a head's gradient, scaled and turned back. */
    private void write(long from, Rows result, long token, int column, HeadRows.Turn turn, float scale) {
        switch (turn) {
            case HeadRows.Turn.None none ->
                rounding.run(from, result.at(token, column), problem.size() / N, 0, 1, scale);
            case HeadRows.Turn.By by -> {
                rounding.run(from, turned, problem.size() / N, 0, 1, scale);
                heads.write(turned, result, column, by.back(), token);
            }
        }
    }

    /** Writes the gradients of a head's keys and values. */
    void write(int index, long from, Rows result) {
        int row = index / problem.shared(), shared = index % problem.shared();
        for (int t = 0; t < problem.tokens(); t++) {
            long token = (long) row * problem.tokens() + t, at = from + 4L * t * problem.size();
            write(at, result, token, keyColumn(shared), problem.turn(), problem.scale());
            write(at + keySumBytes(), result, token, valueColumn(shared), new HeadRows.Turn.None(), 1);
        }
    }
}
