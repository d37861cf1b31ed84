package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Attention of one new token of each row to what a cache holds.
 *
 * <p>Keys lie with the token as the fastest dimension, so that sixteen scores are computed at once without a sum across
 * lanes; values lie with the head's dimension fastest, so that a token's value is added with one multiplication for
 * sixteen dimensions. Scores of a head live in a small array and never reach memory.
 */
public final class DecodeAttention {
    private final Shape shape;
    private final boolean wide;
    private final long q;
    private final long keys;
    private final long values;
    private final long out;
    private final int[] starts;

    /**
     * Extents.
     *
     * @param rows B
     * @param heads H of queries
     * @param shared K of keys and values
     * @param size d of a head
     * @param length S tokens in use
     * @param capacity slots between one row of the cache and the next
     */
    public record Shape(int rows, int heads, int shared, int size, int length, int capacity) {}

    /**
     * @param q {@code [B, H, d]}
     * @param keys {@code [B, K, d, capacity]}
     * @param values {@code [B, K, capacity, d]}
     * @param starts the first token of each row
     * @param out {@code [B, H, d]}
     */
    public DecodeAttention(
            Shape shape,
            boolean wide,
            MemorySegment q,
            MemorySegment keys,
            MemorySegment values,
            int[] starts,
            MemorySegment out) {
        this.shape = shape;
        this.wide = wide;
        this.q = q.address();
        this.keys = keys.address();
        this.values = values.address();
        this.starts = starts;
        this.out = out.address();
    }

    /** Computes {@code softmax(scale q kᵀ) v} for every row and head. */
    public void run(float scale) {
        long tasks = (long) shape.rows() * shape.shared();
        Crew.run(tasks, 1, (from, to) -> {
            float[] scores = new float[(shape.length() + 2 * N - 1) / N * N];
            float[] mixed = new float[(shape.size() + N - 1) / N * N];
            for (long task = from; task < to; task++) {
                int row = (int) (task / shape.shared()), head = (int) (task % shape.shared());
                int group = shape.heads() / shape.shared();
                for (int i = 0; i < group; i++) attend(row, head, head * group + i, scale, scores, mixed);
            }
        });
    }

    private void attend(int row, int head, int queryHead, float scale, float[] scores, float[] mixed) {
        int bytes = wide ? 4 : 2, size = shape.size(), length = shape.length(), start = starts[row];
        long base = ((long) row * shape.shared() + head) * shape.capacity() * size * bytes;
        long query = q + ((long) row * shape.heads() + queryHead) * size * bytes;
        float largest = score(query, keys + base, start, length, scale, scores);
        FloatVector sums = FloatVector.zero(F);
        int first = start / N * N;
        for (int s = first; s < length; s += N) {
            FloatVector p = Exp.of(FloatVector.fromArray(F, scores, s).sub(largest));
            p.intoArray(scores, s);
        }
        for (int s = first; s < start; s++) scores[s] = 0;
        for (int s = length; s < (length + N - 1) / N * N; s++) scores[s] = 0;
        for (int s = first; s < length; s += N) sums = sums.add(FloatVector.fromArray(F, scores, s));
        float sum = Lanes.sum(sums);
        mix(values + base, start, length, 1 / sum, scores, mixed);
        long target = out + ((long) row * shape.heads() + queryHead) * size * bytes;
        int bound = F.loopBound(size);
        for (int i = 0; i < bound; i += N) {
            Lanes.store(wide, target + (long) i * bytes, FloatVector.fromArray(F, mixed, i));
        }
        for (int i = bound; i < size; i++) Lanes.storeScalar(wide, target + (long) i * bytes, mixed[i]);
    }

    /** Writes the scores of all tokens from the block that holds the first; returns the largest of those in use. */
    private float score(long query, long key, int start, int length, float scale, float[] scores) {
        int bytes = wide ? 4 : 2;
        long stride = (long) shape.capacity() * bytes;
        for (int s = start / N * N; s < length; s += N) {
            // The capacity is a multiple of the lanes: the last block may read slots that are not in use yet.
            FloatVector sum = FloatVector.zero(F);
            long at = key + (long) s * bytes;
            for (int i = 0; i < shape.size(); i++, at += stride) {
                float qi = Lanes.loadScalar(wide, query + (long) i * bytes);
                sum = Lanes.load(wide, at).fma(FloatVector.broadcast(F, qi), sum);
            }
            sum.mul(scale).intoArray(scores, s);
        }
        float largest = Float.NEGATIVE_INFINITY;
        for (int s = start; s < length; s++) largest = Math.max(largest, scores[s]);
        return largest;
    }

    private void mix(long value, int start, int length, float inverse, float[] weights, float[] mixed) {
        int bytes = wide ? 4 : 2, size = shape.size(), bound = F.loopBound(size);
        for (int i = 0; i < bound; i += N) {
            FloatVector sum = FloatVector.zero(F);
            long at = value + ((long) start * size + i) * bytes;
            for (int s = start; s < length; s++, at += (long) size * bytes) {
                sum = Lanes.load(wide, at).fma(FloatVector.broadcast(F, weights[s]), sum);
            }
            sum.mul(inverse).intoArray(mixed, i);
        }
        for (int i = bound; i < size; i++) {
            float sum = 0;
            for (int s = start; s < length; s++) {
                sum += weights[s] * Lanes.loadScalar(wide, value + ((long) s * size + i) * bytes);
            }
            mixed[i] = sum * inverse;
        }
    }
}
