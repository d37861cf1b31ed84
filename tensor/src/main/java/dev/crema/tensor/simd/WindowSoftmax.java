package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Softmax over the keys that each query sees, in place, and its gradient; the other weights are zero.
 *
 * <p>A query at token {@code t} of its row sees the keys from {@code first[row, t]} to {@code t}: that is causal attention,
 * and attention inside documents that follow each other. Nothing is added to hide a key: it is not read.
 */
public final class WindowSoftmax {
    private static final long GRAIN = 16;

    private final MemorySegment scores;
    private final boolean wide;
    private final Block block;
    private final int[] first;

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

    /** @param first for each token of the batch, the first token of its row that it sees */
    public WindowSoftmax(MemorySegment scores, boolean wide, Block block, int[] first) {
        this.scores = scores;
        this.wide = wide;
        this.block = block;
        this.first = first;
        if (scores.byteSize() != block.matrices() * block.queries() * block.keys() * (wide ? 4 : 2)) {
            throw new IllegalArgumentException("a segment of " + scores.byteSize() + " bytes is no " + block);
        }
    }

    private int firstOf(long row) {
        int batchRow = (int) (row / block.queries() / block.heads());
        return first[batchRow * block.tokens() + tokenOf(row)];
    }

    private int tokenOf(long row) {
        return block.from() + (int) (row % block.queries());
    }

    private long address(MemorySegment segment, long row) {
        return segment.address() + row * block.keys() * (wide ? 4 : 2);
    }

    /** Turns scores into weights. */
    public void forward() {
        Crew.run(block.matrices() * block.queries(), GRAIN, (from, to) -> {
            float[] buffer = new float[block.keys() + N];
            for (long row = from; row < to; row++) {
                forwardRow(address(scores, row), firstOf(row), tokenOf(row) + 1, buffer);
            }
        });
    }

    private void forwardRow(long row, int begin, int end, float[] buffer) {
        int size = wide ? 4 : 2, count = end - begin, bound = F.loopBound(count);
        long at = row + (long) begin * size;
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < bound; i += N) {
            FloatVector v = Lanes.load(wide, at + (long) i * size);
            v.intoArray(buffer, i);
            most = most.max(v);
        }
        float largest = most.reduceLanes(VectorOperators.MAX);
        for (int i = bound; i < count; i++) {
            buffer[i] = Lanes.loadScalar(wide, at + (long) i * size);
            largest = Math.max(largest, buffer[i]);
        }
        // Padded with values whose exponential is nothing, so that the tail needs no loop of its own.
        for (int i = count; i < bound + N; i++) buffer[i] = Float.NEGATIVE_INFINITY;
        FloatVector sums = FloatVector.zero(F);
        for (int i = 0; i < count; i += N) {
            FloatVector p = Exp.of(FloatVector.fromArray(F, buffer, i).sub(largest));
            p.intoArray(buffer, i);
            if (i < bound) sums = sums.add(p);
        }
        float sum = Lanes.sum(sums);
        for (int i = bound; i < count; i++) sum += buffer[i];
        float inverse = 1 / sum;
        zero(row, 0, begin);
        for (int i = 0; i < bound; i += N) {
            Lanes.store(
                    wide,
                    at + (long) i * size,
                    FloatVector.fromArray(F, buffer, i).mul(inverse));
        }
        for (int i = bound; i < count; i++) Lanes.storeScalar(wide, at + (long) i * size, buffer[i] * inverse);
        zero(row, end, block.keys());
    }

    /** Turns the gradient of the weights, given the weights, into that of the scores, in place: {@code p (g - Σ g p)}. */
    public void backward(MemorySegment weights) {
        Crew.run(block.matrices() * block.queries(), GRAIN, (from, to) -> {
            for (long row = from; row < to; row++) {
                backwardRow(address(scores, row), address(weights, row), firstOf(row), tokenOf(row) + 1);
            }
        });
    }

    private void backwardRow(long gradient, long weight, int begin, int end) {
        int size = wide ? 4 : 2, count = end - begin, bound = F.loopBound(count);
        long g = gradient + (long) begin * size, p = weight + (long) begin * size;
        FloatVector sums = FloatVector.zero(F);
        for (int i = 0; i < bound; i += N) {
            sums = Lanes.load(wide, g + (long) i * size).fma(Lanes.load(wide, p + (long) i * size), sums);
        }
        float sum = Lanes.sum(sums);
        for (int i = bound; i < count; i++) {
            sum += Lanes.loadScalar(wide, g + (long) i * size) * Lanes.loadScalar(wide, p + (long) i * size);
        }
        zero(gradient, 0, begin);
        for (int i = 0; i < bound; i += N) {
            long at = (long) i * size;
            Lanes.store(wide, g + at, Lanes.load(wide, g + at).sub(sum).mul(Lanes.load(wide, p + at)));
        }
        for (int i = bound; i < count; i++) {
            long at = (long) i * size;
            float value = (Lanes.loadScalar(wide, g + at) - sum) * Lanes.loadScalar(wide, p + at);
            Lanes.storeScalar(wide, g + at, value);
        }
        zero(gradient, end, block.keys());
    }

    private void zero(long row, int from, int to) {
        int size = wide ? 4 : 2;
        Lanes.MEMORY
                .asSlice(row + (long) from * size, (long) (to - from) * size)
                .fill((byte) 0);
    }
}
