package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Tensor;

/**
 * Dropout while a model learns (Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
 * 2014): of the embedding, and of what each part of a layer adds to the residual stream, each number is set to zero with
 * the probability {@code rate}, and the others are divided by {@code 1 - rate}. Attention's weights all stay.
 *
 * <p>What is dropped depends on the seed alone: on the run's, the step, the pass and the place in the model, one mixed into
 * the other by {@link #at}. A block that runs again on the way back drops the same, and so does a run that resumes.
 *
 * @param rate in {@code [0, 1)}; 0 drops nothing
 */
public record Dropout(double rate, long seed) {
    /** Drops nothing. */
    public static final Dropout NONE = new Dropout(0, 0);

    /** Where the embedding is, among the layers of a stack. */
    static final int EMBEDDING = -1;

    public Dropout {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(
                    "a dropout of " + rate + " cannot be; give one from 0 up to, not including, 1");
        }
    }

    /** Returns the dropout of a step, a pass or a part: other numbers than those of its siblings. */
    public Dropout at(long index) {
        long z = seed * 0xD1342543DE82EF95L + (index + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 32) * 0xD6E8FEB86659FD93L;
        return new Dropout(rate, z ^ z >>> 32);
    }

    /** Drops of {@code [B, T, D]}; the innermost scope's, unless it is returned as it is. */
    Tensor apply(Tensor x) {
        return rate == 0 ? x : Functions.dropout(x, rate, seed);
    }
}
