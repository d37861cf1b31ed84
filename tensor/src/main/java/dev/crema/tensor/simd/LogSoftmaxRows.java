package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The logarithm of softmax at one token of each row of logits, and the gradient that flows back from it.
 *
 * <p>With {@code z} the logits and {@code t} the token, {@code log p = z_t - lse(z)} and
 * {@code d log p / d z_v = [v = t] - exp(z_v - lse(z))}. The gradient overwrites the logits.
 */
public final class LogSoftmaxRows {
    private static final long GRAIN = 4;

    private final MemorySegment logits;
    private final boolean wide;
    private final Exponentials exponentials;
    private final int rows;
    private final int width;

    /**
     * @param logits {@code [rows, width]}
     * @param wide whether they are fp32, else bf16
     */
    public LogSoftmaxRows(MemorySegment logits, boolean wide, int rows, int width) {
        this.logits = logits;
        this.wide = wide;
        this.exponentials = Exponentials.of(wide);
        this.rows = rows;
        this.width = width;
        if (logits.byteSize() != (long) rows * width * (wide ? 4 : 2)) {
            throw new IllegalArgumentException(
                    "a segment of " + logits.byteSize() + " bytes is no " + rows + " x " + width);
        }
    }

    private long row(long row) {
        return logits.address() + row * width * (wide ? 4 : 2);
    }

    /**
     * Computes each row's log-sum-exp and the log-probability of its token.
     *
     * @param scale multiplies the logits first (1 / temperature)
     * @param at the offset of the first row in the arrays
     */
    public void forward(float scale, int[] tokens, int at, float[] lse, float[] logProbabilities) {
        Crew.run(rows, GRAIN, (part, r) -> {
            int i = at + (int) r;
            lse[i] = logSumExp(row(r), scale);
            float logit = Lanes.loadScalar(wide, row(r) + (long) tokens[i] * (wide ? 4 : 2));
            logProbabilities[i] = logit * scale - lse[i];
        });
    }

    private float logSumExp(long row, float scale) {
        int size = wide ? 4 : 2, bound = F.loopBound(width);
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < bound; i += N) most = most.max(Lanes.load(wide, row + (long) i * size));
        float max = most.reduceLanes(VectorOperators.MAX);
        for (int i = bound; i < width; i++) max = Math.max(max, Lanes.loadScalar(wide, row + (long) i * size));
        double sum = exponentials.sum(row, bound, max, scale);
        for (int i = bound; i < width; i++) {
            sum += Math.exp(Lanes.loadScalar(wide, row + (long) i * size) * scale - max * scale);
        }
        return (float) (max * scale + Math.log(sum));
    }

    /** Overwrites each row with {@code coefficient * scale * d log p / d z}. */
    public void backward(float scale, int[] tokens, int at, float[] lse, float[] coefficients) {
        Crew.run(rows, GRAIN, (part, r) -> {
            int i = at + (int) r;
            gradient(row(r), scale, tokens[i], lse[i], coefficients[i] * scale);
        });
    }

    private void gradient(long row, float scale, int token, float lse, float coefficient) {
        int size = wide ? 4 : 2, bound = F.loopBound(width);
        float logit = Lanes.loadScalar(wide, row + (long) token * size);
        exponentials.replace(row, bound, lse / scale, scale, -coefficient);
        for (int i = bound; i < width; i++) {
            long at = row + (long) i * size;
            float p = (float) Math.exp(Lanes.loadScalar(wide, at) * scale - lse);
            Lanes.storeScalar(wide, at, -coefficient * p);
        }
        float p = (float) Math.exp(logit * scale - lse);
        Lanes.storeScalar(wide, row + (long) token * size, coefficient * (1 - p));
    }
}
