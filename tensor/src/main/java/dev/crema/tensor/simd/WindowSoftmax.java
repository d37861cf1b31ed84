package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Softmax over the keys that each query sees, in place, and its gradient; the other weights are zero.
 *
 * <p>A query sees no key behind its own token: that is causal attention, inside documents that follow each other, or
 * branches of one. Nothing is added to hide a key: it is not read, or inside of a gap overwritten.
 */
public final class WindowSoftmax {
    private static final long GRAIN = 16;

    private final MemorySegment scores;
    private final boolean wide;
    private final Block block;
    private final SeenKeys seen;

    /**
     * Scores of a block of queries: {@code [matrices, queries, keys]}.
     *
     * @param matrices B times heads
     * @param heads matrices of a row of the batch
     * @param tokens T of a row
     * @param from the first query's token
     * @param queries queries of the block
     * @param keys keys of the block, from token 0
     */
    public record Block(long matrices, int heads, int tokens, int from, int queries, int keys) {}

    public WindowSoftmax(MemorySegment scores, boolean wide, Block block, SeenKeys seen) {
        this.scores = scores;
        this.wide = wide;
        this.block = block;
        this.seen = seen;
        if (scores.byteSize() != block.matrices() * block.queries() * block.keys() * (wide ? 4 : 2)) {
            throw new IllegalArgumentException("a segment of " + scores.byteSize() + " bytes is no " + block);
        }
    }

    /** Returns a query's number in the batch. */
    private int query(long row) {
        int batchRow = (int) (row / block.queries() / block.heads());
        return batchRow * block.tokens() + tokenOf(row);
    }

    private int tokenOf(long row) {
        return block.from() + (int) (row % block.queries());
    }

    private long address(MemorySegment segment, long row) {
        return segment.address() + row * block.keys() * (wide ? 4 : 2);
    }

    /** Turns scores into weights. */
    public void forward() {
        Exponentials exponentials = Exponentials.of(wide);
        Crew.run(
                block.matrices() * block.queries(),
                GRAIN,
                (part, row) -> forwardRow(exponentials, address(scores, row), query(row), tokenOf(row) + 1));
    }

    // Whole vectors, from the one that holds the first visible key to the one that holds the last; the scores of hidden
    // keys in them become minus infinity. Only keys behind the last whole vector of a row need a loop of their own.
    private void forwardRow(Exponentials exponentials, long row, int query, int end) {
        int size = wide ? 4 : 2, whole = F.loopBound(block.keys()), begin = seen.first()[query];
        hide(row, seen.trunk()[query], seen.own()[query]);
        int low = Math.min(begin & -N, whole), high = Math.min((end + N - 1) & -N, whole);
        hide(row, low, Math.min(begin, whole));
        hide(row, Math.min(end, whole), high);
        float largest = largest(row, low, high, Math.max(begin, whole), end);
        long from = row + (long) low * size;
        float sum = exponentials.sum(from, high - low, largest, 1);
        for (int i = Math.max(begin, whole); i < end; i++) sum += exponential(row, i, largest);
        exponentials.replace(from, high - low, largest, 1, 1 / sum);
        for (int i = Math.max(begin, whole); i < end; i++) {
            Lanes.storeScalar(wide, row + (long) i * size, exponential(row, i, largest) / sum);
        }
        zeroOutside(row, low, high, begin, end);
    }

    private void hide(long row, int from, int to) {
        int size = wide ? 4 : 2;
        for (int i = from; i < to; i++) Lanes.storeScalar(wide, row + (long) i * size, Float.NEGATIVE_INFINITY);
    }

    private float exponential(long row, int key, float largest) {
        return (float) Math.exp(Lanes.loadScalar(wide, row + key * (wide ? 4L : 2L)) - largest);
    }

    /** Returns the largest score of whole vectors and of single keys behind them. */
    private float largest(long row, int low, int high, int rest, int end) {
        int size = wide ? 4 : 2;
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = low; i < high; i += N) most = most.max(Lanes.load(wide, row + (long) i * size));
        float largest = most.reduceLanes(VectorOperators.MAX);
        for (int i = rest; i < end; i++) largest = Math.max(largest, Lanes.loadScalar(wide, row + (long) i * size));
        return largest;
    }

    /** Turns the gradient of the weights, given the weights, into that of the scores, in place: {@code p (g - Σ g p)}. */
    public void backward(MemorySegment weights) {
        Crew.run(
                block.matrices() * block.queries(),
                GRAIN,
                (part, row) -> backwardRow(address(scores, row), address(weights, row), query(row), tokenOf(row) + 1));
    }

    private void backwardRow(long gradient, long weight, int query, int end) {
        int size = wide ? 4 : 2, whole = F.loopBound(block.keys()), begin = seen.first()[query];
        int low = Math.min(begin & -N, whole), high = Math.min((end + N - 1) & -N, whole);
        // A hidden key's weight is zero, and so is its part of the sum and its gradient.
        FloatVector sums = FloatVector.zero(F);
        for (int i = low; i < high; i += N) {
            long at = (long) i * size;
            sums = Lanes.load(wide, gradient + at).fma(Lanes.load(wide, weight + at), sums);
        }
        float sum = Lanes.sum(sums);
        for (int i = Math.max(begin, whole); i < end; i++) {
            long at = (long) i * size;
            sum += Lanes.loadScalar(wide, gradient + at) * Lanes.loadScalar(wide, weight + at);
        }
        for (int i = low; i < high; i += N) {
            long at = (long) i * size;
            FloatVector d = Lanes.load(wide, gradient + at).sub(sum).mul(Lanes.load(wide, weight + at));
            Lanes.store(wide, gradient + at, d);
        }
        for (int i = Math.max(begin, whole); i < end; i++) {
            long at = (long) i * size;
            float value = (Lanes.loadScalar(wide, gradient + at) - sum) * Lanes.loadScalar(wide, weight + at);
            Lanes.storeScalar(wide, gradient + at, value);
        }
        zeroOutside(gradient, low, high, begin, end);
    }

    /** Zeroes what no loop has written: whole vectors outside of {@code [low, high)}, and hidden keys behind them. */
    private void zeroOutside(long row, int low, int high, int begin, int end) {
        int size = wide ? 4 : 2, whole = F.loopBound(block.keys());
        FloatVector zero = FloatVector.zero(F);
        for (int i = 0; i < low; i += N) Lanes.store(wide, row + (long) i * size, zero);
        for (int i = high; i < whole; i += N) Lanes.store(wide, row + (long) i * size, zero);
        for (int i = whole; i < block.keys(); i++) {
            if (i < begin || i >= end) Lanes.storeScalar(wide, row + (long) i * size, 0);
        }
    }
}
