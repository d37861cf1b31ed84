package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of one new token of each row to what a cache holds, from the joint projection to the mixed values.
 *
 * <p>A task is a row and one of its heads of keys and values. It turns the new key and writes it and the new value into
 * the cache, turns the queries that share the head, and lets them attend. What the cache holds is read once for four
 * queries; a query that is alone needs nothing but reading. Keys lie with the token as the fastest dimension, so that sixteen scores are computed at once without a sum
 * across lanes; values lie with the head's dimension fastest, so that a token's value is added with one multiplication for
 * sixteen dimensions. Queries and scores never reach memory.
 */
public final class DecodeAttention {
    /** Queries that are served by one reading of the cache. */
    private static final int TILE = 4;

    private final Shape shape;
    private final TurnedHeads projection;
    private final boolean wide;
    private final int bytes;
    private final long keys;
    private final long values;
    private final int[] starts;
    private final Rows out;

    /**
     * Extents.
     *
     * @param heads H of queries
     * @param shared K of keys and values
     * @param size d of a head
     * @param length S tokens in use, the new one included
     * @param slots tokens for which a row of the cache has room, a multiple of the vector's length
     */
    public record Shape(int heads, int shared, int size, int length, int slots) {
        int group() {
            return heads / shared;
        }
    }

    /** What a task computes in; one for each part of the work. */
    private record Buffers(float[] queries, float[] scores, float[] mixed, int stride) {
        static Buffers of(Shape shape) {
            int stride = (shape.length() + 3 * N - 1) / N * N;
            return new Buffers(
                    new float[shape.group() * shape.size()],
                    new float[TILE * stride],
                    new float[TILE * shape.size()],
                    stride);
        }
    }

    /**
     * @param projection {@code [B, (H + 2 K) d]}: the new tokens' queries, keys and values
     * @param turn how queries and keys turn; cosines and sines {@code [B, r / 2]} for the first r dimensions of a head
     * @param keys the address of {@code [B, K, d, slots]}, of the type of the projection
     * @param values the address of {@code [B, K, slots, d]}
     * @param starts the first slot of each row that holds a token
     * @param out {@code [B, H d]}
     */
    public DecodeAttention(
            Shape shape, Rows projection, HeadRows.Turn turn, long keys, long values, int[] starts, Rows out) {
        this.shape = shape;
        this.projection = new TurnedHeads(projection, turn, shape.size());
        this.wide = projection.wide();
        this.bytes = wide ? 4 : 2;
        this.keys = keys;
        this.values = values;
        this.starts = starts;
        this.out = out;
    }

    /** Takes the new keys and values up and computes {@code softmax(scale q kᵀ) v} for every row and head. */
    public void run(float scale) {
        long tasks = projection.rows().count() * shape.shared();
        int parts = Crew.parts(tasks, 1);
        Buffers[] buffers = new Buffers[parts];
        Arrays.setAll(buffers, i -> Buffers.of(shape));
        Crew.runParts(tasks, parts, (part, task) -> {
            int row = (int) (task / shape.shared()), head = (int) (task % shape.shared());
            long base = task * shape.slots() * shape.size() * bytes;
            append(row, head, base);
            attend(row, head, base, scale, buffers[part]);
        });
    }

    private void append(int row, int head, long base) {
        int size = shape.size(), slot = shape.length() - 1;
        float[] key = new float[size];
        projection.read(row, (shape.heads() + head) * size, 1, key, 0);
        long at = keys + base + (long) slot * bytes;
        for (int i = 0; i < size; i++) Lanes.storeScalar(wide, at + (long) i * shape.slots() * bytes, key[i]);
        long value = projection.rows().at(row, (shape.heads() + shape.shared() + head) * size);
        MemorySegment.copy(
                Lanes.MEMORY, value, Lanes.MEMORY, values + base + (long) slot * size * bytes, (long) size * bytes);
    }

    private void attend(int row, int head, long base, float scale, Buffers buffers) {
        int size = shape.size(), group = shape.group(), start = starts[row];
        for (int i = 0; i < group; i++)
            projection.read(row, (head * group + i) * size, scale, buffers.queries(), i * size);
        for (int from = 0; from < group; from += TILE) {
            int count = Math.min(TILE, group - from);
            score(keys + base, start / N * N, from, count, buffers);
            for (int i = 0; i < count; i++) softmax(buffers.scores(), i * buffers.stride(), start);
            mix(values + base, start, count, buffers);
            for (int i = 0; i < count; i++) {
                out.write(row, (head * group + from + i) * size, buffers.mixed(), i * size, size);
            }
        }
    }

    /** Writes the scores of a tile of queries for all tokens from the vector that holds the first. */
    private void score(long key, int first, int from, int count, Buffers buffers) {
        int size = shape.size(), stride = buffers.stride(), end = (shape.length() + N - 1) / N * N;
        if (count == 1) {
            Rows matrix = new Rows(key, wide, size, shape.slots(), shape.slots());
            VectorProduct.write(buffers.queries(), from * size, matrix, first, end, buffers.scores(), 0);
            return;
        }
        // A tile that is not full computes its first query again.
        int[] q = new int[TILE], to = new int[TILE];
        for (int i = 0; i < TILE; i++) {
            q[i] = (from + (i < count ? i : 0)) * size;
            to[i] = i * stride;
        }
        int s = first;
        for (; s + N < shape.length(); s += 2 * N) scorePair(key, s, buffers.queries(), q, buffers.scores(), to);
        if (s < shape.length()) scoreOne(key, s, buffers.queries(), q, buffers.scores(), to);
    }

    private void scorePair(long key, int s, float[] queries, int[] q, float[] scores, int[] to) {
        int q0 = q[0], q1 = q[1], q2 = q[2], q3 = q[3];
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
        long at = key + (long) s * bytes, next = (long) shape.slots() * bytes, far = (long) N * bytes;
        for (int i = 0; i < shape.size(); i++, at += next) {
            FloatVector a = Lanes.load(wide, at), b = Lanes.load(wide, at + far);
            FloatVector x = FloatVector.broadcast(F, queries[q0 + i]);
            a0 = a.fma(x, a0);
            b0 = b.fma(x, b0);
            x = FloatVector.broadcast(F, queries[q1 + i]);
            a1 = a.fma(x, a1);
            b1 = b.fma(x, b1);
            x = FloatVector.broadcast(F, queries[q2 + i]);
            a2 = a.fma(x, a2);
            b2 = b.fma(x, b2);
            x = FloatVector.broadcast(F, queries[q3 + i]);
            a3 = a.fma(x, a3);
            b3 = b.fma(x, b3);
        }
        a0.intoArray(scores, to[0] + s);
        b0.intoArray(scores, to[0] + s + N);
        a1.intoArray(scores, to[1] + s);
        b1.intoArray(scores, to[1] + s + N);
        a2.intoArray(scores, to[2] + s);
        b2.intoArray(scores, to[2] + s + N);
        a3.intoArray(scores, to[3] + s);
        b3.intoArray(scores, to[3] + s + N);
    }

    private void scoreOne(long key, int s, float[] queries, int[] q, float[] scores, int[] to) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero, a1 = zero, a2 = zero, a3 = zero;
        long at = key + (long) s * bytes, next = (long) shape.slots() * bytes;
        for (int i = 0; i < shape.size(); i++, at += next) {
            FloatVector a = Lanes.load(wide, at);
            a0 = a.fma(FloatVector.broadcast(F, queries[q[0] + i]), a0);
            a1 = a.fma(FloatVector.broadcast(F, queries[q[1] + i]), a1);
            a2 = a.fma(FloatVector.broadcast(F, queries[q[2] + i]), a2);
            a3 = a.fma(FloatVector.broadcast(F, queries[q[3] + i]), a3);
        }
        a0.intoArray(scores, to[0] + s);
        a1.intoArray(scores, to[1] + s);
        a2.intoArray(scores, to[2] + s);
        a3.intoArray(scores, to[3] + s);
    }

    /** Turns a query's scores into weights that sum to one; slots before the first token and behind the last get zero. */
    private void softmax(float[] scores, int at, int start) {
        int first = start / N * N, length = shape.length(), end = (length + N - 1) / N * N;
        for (int s = first; s < start; s++) scores[at + s] = Float.NEGATIVE_INFINITY;
        for (int s = length; s < end; s++) scores[at + s] = Float.NEGATIVE_INFINITY;
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int s = first; s < end; s += N) most = most.max(FloatVector.fromArray(F, scores, at + s));
        float largest = most.reduceLanes(VectorOperators.MAX);
        for (int s = first; s < end; s += N) {
            Exp.of(FloatVector.fromArray(F, scores, at + s).sub(largest)).intoArray(scores, at + s);
        }
        for (int s = first; s < start; s++) scores[at + s] = 0;
        for (int s = length; s < end; s++) scores[at + s] = 0;
        FloatVector sums = FloatVector.zero(F);
        for (int s = first; s < end; s += N) sums = sums.add(FloatVector.fromArray(F, scores, at + s));
        float inverse = 1 / Lanes.sum(sums);
        for (int s = first; s < end; s += N) {
            FloatVector.fromArray(F, scores, at + s).mul(inverse).intoArray(scores, at + s);
        }
    }

    /** Mixes the values of all tokens by the weights of each query of a tile. */
    private void mix(long value, int start, int count, Buffers buffers) {
        int size = shape.size();
        if (count == 1) {
            Rows matrix = new Rows(value + (long) start * size * bytes, wide, shape.length() - start, size, size);
            VectorProduct.write(buffers.scores(), start, matrix, 0, size, buffers.mixed(), 0);
            return;
        }
        int i = 0;
        for (; i + 2 * N <= size; i += 2 * N) mixPair(value, start, i, buffers);
        for (; i + N <= size; i += N) mixOne(value, start, i, buffers);
        for (; i < size; i++) {
            for (int q = 0; q < count; q++) {
                float sum = 0;
                for (int s = start; s < shape.length(); s++) {
                    float weight = buffers.scores()[q * buffers.stride() + s];
                    sum += weight * Lanes.loadScalar(wide, value + ((long) s * size + i) * bytes);
                }
                buffers.mixed()[q * size + i] = sum;
            }
        }
    }

    private void mixPair(long value, int start, int i, Buffers buffers) {
        int size = shape.size(), stride = buffers.stride();
        float[] weights = buffers.scores(), mixed = buffers.mixed();
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
        long at = value + ((long) start * size + i) * bytes, next = (long) size * bytes, far = (long) N * bytes;
        for (int s = start; s < shape.length(); s++, at += next) {
            FloatVector a = Lanes.load(wide, at), b = Lanes.load(wide, at + far);
            FloatVector x = FloatVector.broadcast(F, weights[s]);
            a0 = a.fma(x, a0);
            b0 = b.fma(x, b0);
            x = FloatVector.broadcast(F, weights[stride + s]);
            a1 = a.fma(x, a1);
            b1 = b.fma(x, b1);
            x = FloatVector.broadcast(F, weights[2 * stride + s]);
            a2 = a.fma(x, a2);
            b2 = b.fma(x, b2);
            x = FloatVector.broadcast(F, weights[3 * stride + s]);
            a3 = a.fma(x, a3);
            b3 = b.fma(x, b3);
        }
        a0.intoArray(mixed, i);
        b0.intoArray(mixed, i + N);
        a1.intoArray(mixed, size + i);
        b1.intoArray(mixed, size + i + N);
        a2.intoArray(mixed, 2 * size + i);
        b2.intoArray(mixed, 2 * size + i + N);
        a3.intoArray(mixed, 3 * size + i);
        b3.intoArray(mixed, 3 * size + i + N);
    }

    private void mixOne(long value, int start, int i, Buffers buffers) {
        int size = shape.size(), stride = buffers.stride();
        float[] weights = buffers.scores(), mixed = buffers.mixed();
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero, a1 = zero, a2 = zero, a3 = zero;
        long at = value + ((long) start * size + i) * bytes, next = (long) size * bytes;
        for (int s = start; s < shape.length(); s++, at += next) {
            FloatVector a = Lanes.load(wide, at);
            a0 = a.fma(FloatVector.broadcast(F, weights[s]), a0);
            a1 = a.fma(FloatVector.broadcast(F, weights[stride + s]), a1);
            a2 = a.fma(FloatVector.broadcast(F, weights[2 * stride + s]), a2);
            a3 = a.fma(FloatVector.broadcast(F, weights[3 * stride + s]), a3);
        }
        a0.intoArray(mixed, i);
        a1.intoArray(mixed, size + i);
        a2.intoArray(mixed, 2 * size + i);
        a3.intoArray(mixed, 3 * size + i);
    }
}
