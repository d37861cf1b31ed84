package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;

/**
 * What the layers of one forward pass share.
 *
 * @param visibility which tokens see which
 * @param hiding how the rest is hidden
 * @param turning how queries and keys are told their positions
 */
record Pass(Visibility visibility, Hiding hiding, Turning turning) {
    /** Returns what is added to scores, {@code [1 or B, 1, T, S]}. */
    Tensor bias() {
        return switch (hiding) {
            case Hiding.Added(Tensor bias) -> bias;
            case Hiding.ByLength none -> throw new IllegalStateException("one token behind a cache needs no bias");
        };
    }

    /** Rotates queries or keys {@code [B, T, H, d]} by their positions, where the model does so. */
    Tensor turn(Tensor heads) {
        return switch (turning) {
            case Turning.None none -> heads;
            case Turning.By(Rotary.Angles angles) -> Functions.rotate(heads, angles.cos(), angles.sin());
        };
    }

    /** Keeps the pass for blocks that run again in the backward pass. */
    void retain() {
        Tape.retain(bias());
        if (turning instanceof Turning.By(Rotary.Angles(Tensor cos, Tensor sin))) Tape.retain(cos, sin);
    }

    /** How tokens that are not to be seen are hidden. */
    sealed interface Hiding {
        /** A large negative number is added to their scores. */
        record Added(Tensor bias) implements Hiding {}

        /** One new token sees all that its row of the cache holds. */
        record ByLength() implements Hiding {}
    }

    /** Whether positions enter by rotation. */
    sealed interface Turning {
        record None() implements Turning {}

        record By(Rotary.Angles angles) implements Turning {}
    }
}
