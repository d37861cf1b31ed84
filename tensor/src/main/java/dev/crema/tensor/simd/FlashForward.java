package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.RowFunction;
import dev.crema.tensor.machine.RowFunction.Format;
import dev.crema.tensor.machine.RowFunction.Kind;
import dev.crema.tensor.machine.Tile;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** {@link FlashAttention#forward} of some queries, on one thread. */
final class FlashForward {
    /** Queries that are taken at a time. */
    static final int QUERIES = Tile.MOST_ROWS;

    private final FlashAttention.Problem problem;
    private final FlashHeads heads;
    private final FlashTiles tiles;
    private final FlashKeys keys;
    private final FlashKeys values;
    private final long queries;
    private final long scores;
    private final long weights;
    private final long mixed; // [queries, d] in fp32
    private final long end;
    private final RowFunction.Code exponential;
    private final RowFunction.Code multiple;
    private final RowFunction.Code result;
    private final float[] most = new float[QUERIES]; // the largest score so far
    private final float[] sums = new float[QUERIES]; // of the weights so far

    FlashForward(FlashAttention.Problem problem, FlashTiles tiles, long address) {
        Scratch scratch = new Scratch(address);
        Format format = problem.wide() ? Format.FP32 : Format.BF16;
        this.problem = problem;
        this.heads = new FlashHeads(problem);
        this.tiles = tiles;
        this.keys = new FlashKeys(problem, scratch, true);
        this.values = new FlashKeys(problem, scratch, false);
        this.queries = scratch.take((long) QUERIES * heads.rowBytes());
        this.scores = scratch.take((long) QUERIES * FlashTiles.ROW_BYTES);
        this.weights = scratch.take((long) QUERIES * tiles.weightBytes());
        this.mixed = scratch.take(4L * QUERIES * problem.size());
        this.end = scratch.end();
        this.exponential = new RowFunction(Kind.EXPONENTIAL, Format.FP32, format).code();
        this.multiple = new RowFunction(Kind.MULTIPLE, Format.FP32, Format.FP32).code();
        this.result = new RowFunction(Kind.MULTIPLE, Format.FP32, format).code();
    }

    long end() {
        return end;
    }

    /**
     * Computes some of the queries that look at a head of keys: those of a head after the other, {@link #QUERIES} a unit.
     *
     * @param index of the head of keys among those of all rows
     */
    void run(int index, int fromUnit, int toUnit, Rows out, long logarithms) {
        int row = index / problem.shared(), shared = index % problem.shared();
        int blocks = Math.ceilDiv(problem.tokens(), QUERIES), size = problem.size();
        keys.read(row, (problem.heads() + shared) * size, problem.turn());
        values.read(row, (problem.heads() + problem.shared() + shared) * size, new HeadRows.Turn.None());
        for (int unit = fromUnit; unit < toUnit; unit++) {
            int head = shared * problem.group() + unit / blocks, from = unit % blocks * QUERIES;
            int count = Math.min(QUERIES, problem.tokens() - from);
            attend(row, head, from, count);
            for (int i = 0; i < count; i++) {
                long token = (long) row * problem.tokens() + from + i;
                result.run(mixed(i), out.at(token, head * size), size / N, 0, 1, 1 / sums[i]);
                long at = (((long) row * problem.heads() + head) * problem.tokens() + from + i) * 4;
                Lanes.storeScalar(true, logarithms + at, problem.scale() * most[i] + (float) Math.log(sums[i]));
            }
        }
    }

    private void attend(int row, int head, int from, int count) {
        long token = (long) row * problem.tokens() + from;
        heads.read(problem.projection(), head * problem.size(), problem.turn(), token, count, queries, count);
        Arrays.fill(most, Float.NEGATIVE_INFINITY);
        Arrays.fill(sums, 0);
        SeenKeys.Stretch seen = problem.seen(row, from, count);
        for (int key = seen.low(), to; key < seen.high(); key = seen.next(to)) {
            to = seen.end(key, FlashAttention.KEYS);
            tiles.score(queries, count, keys, key, to, scores);
            for (int i = 0; i < count; i++) weigh(i, row * problem.tokens() + from + i, from + i, key, to);
            tiles.mix(weights, count, values, key, to, mixed, key > seen.low());
        }
    }

    /** Turns a query's scores with some keys into weights, and brings what it mixed before to their scale. */
    private void weigh(int i, int index, int token, int from, int to) {
        long row = scores + (long) i * FlashTiles.ROW_BYTES;
        hide(row, from, to, problem.seen(), index, token + 1);
        float scale = problem.scale(), before = most[i], now = Math.max(before, largest(row, to - from));
        // Of nothing seen the weights are exp(-∞), whatever is subtracted.
        float shift = now == Float.NEGATIVE_INFINITY ? 0 : now;
        float sum = exponential.run(row, weights + (long) i * tiles.weightBytes(), (to - from) / N, shift, scale, 1);
        float factor = before == now ? 1 : (float) Math.exp(scale * (before - shift));
        most[i] = now;
        sums[i] = sums[i] * factor + sum;
        if (factor != 1 && before != Float.NEGATIVE_INFINITY) {
            multiple.run(mixed(i), mixed(i), problem.size() / N, 0, 1, factor);
        }
    }

    /**
     * Gives the keys of {@code [from, to)} that a query does not see a score of minus infinity.
     *
     * @param query by its number in the batch
     * @param end behind the last key that it sees
     */
    static void hide(long row, int from, int to, SeenKeys seen, int query, int end) {
        hide(row, from, from, Math.min(seen.first()[query], to));
        hide(row, from, Math.max(seen.trunk()[query], from), Math.min(seen.own()[query], to));
        hide(row, from, Math.max(end, from), to);
    }

    /** Hides the keys of {@code [begin, end)} in scores that begin with those of a key. */
    static void hide(long row, int from, int begin, int end) {
        for (int key = begin; key < end; key++) {
            Lanes.storeScalar(true, row + 4L * (key - from), Float.NEGATIVE_INFINITY);
        }
    }

    private static float largest(long row, int count) {
        FloatVector most = Lanes.load(true, row);
        for (int i = N; i < count; i += N) most = most.max(Lanes.load(true, row + 4L * i));
        return most.reduceLanes(VectorOperators.MAX);
    }

    private long mixed(int query) {
        return mixed + 4L * query * problem.size();
    }
}
