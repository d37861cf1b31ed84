package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;

/**
 * What the layers of one forward pass share.
 *
 * @param visibility which tokens see which
 * @param bias what hides the rest, {@code [1 or B, 1, T, S]}
 * @param turning how queries and keys are told their positions
 */
record Pass(Visibility visibility, Tensor bias, Turning turning) {
    /** Rotates queries or keys {@code [B, T, H, d]} by their positions, where the model does so. */
    Tensor turn(Tensor heads) {
        return switch (turning) {
            case Turning.None none -> heads;
            case Turning.By(Rotary.Angles angles) -> Functions.rotate(heads, angles.cos(), angles.sin());
        };
    }

    /** Keeps the pass for blocks that run again in the backward pass. */
    void retain() {
        Tape.retain(bias);
        if (turning instanceof Turning.By(Rotary.Angles(Tensor cos, Tensor sin))) Tape.retain(cos, sin);
    }

    /** Whether positions enter by rotation. */
    sealed interface Turning {
        record None() implements Turning {}

        record By(Rotary.Angles angles) implements Turning {}
    }
}
