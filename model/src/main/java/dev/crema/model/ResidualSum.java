package dev.crema.model;

import dev.crema.tensor.Tensor;

/**
 * The sum of the residual stream and what a part of a decoder's layer gives, after a norm and dropout of its own.
 *
 * <p>A part hands over its last projection before it is computed: where nothing comes in between, the projection adds to
 * the stream as it goes, and what it gives is neither written nor read.
 *
 * @param stream {@code [B, T, D]}; it stays as it is
 */
record ResidualSum(Tensor stream, Norm norm, Statistics statistics, Dropout dropout) {
    /** Adds {@code output(x)}. */
    Tensor of(Linear output, Tensor x) {
        boolean direct = norm instanceof Norm.None && dropout.rate() == 0;
        return direct ? output.added(x, stream) : of(output.apply(x));
    }

    /** Adds {@code given}. */
    Tensor of(Tensor given) {
        return stream.add(dropout.apply(norm.apply(given, statistics)));
    }
}
