package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import java.util.List;

/**
 * What the layers of one forward pass share.
 *
 * @param visibility which tokens see which
 * @param hiding how the rest is hidden
 * @param turning how queries and keys are told their positions
 */
record Pass(Visibility visibility, Hiding hiding, Turning turning) {
    /** Returns cosines and sines by which queries and keys turn; nothing if the model does not rotate. */
    List<Tensor> angles() {
        return turning instanceof Turning.By(Rotary.Angles angles) ? List.of(angles.cos(), angles.sin()) : List.of();
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
        if (hiding instanceof Hiding.Added(Tensor bias)) Tape.retain(bias);
        Tape.retain(angles().toArray(Tensor[]::new));
    }

    /** How tokens that are not to be seen are hidden. */
    sealed interface Hiding {
        /** A large negative number is added to their scores. */
        record Added(Tensor bias) implements Hiding {}

        /** For each token, the first of its row that it sees: those before are not read at all. */
        record Before(int[] first) implements Hiding {}

        /** One new token sees all that its row of the cache holds. */
        record ByLength(KvCache cache) implements Hiding {}
    }

    /** Whether positions enter by rotation. */
    sealed interface Turning {
        record None() implements Turning {}

        record By(Rotary.Angles angles) implements Turning {}
    }
}
