package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.simd.SeenKeys;
import java.util.List;

/**
 * What a layer needs of the forward pass besides its input; layers of one kind share it.
 *
 * @param visibility which tokens see which
 * @param hiding how the rest is hidden
 * @param turning how queries and keys are told their positions
 * @param routers whether somebody watches the routers of experts
 * @param statistics by which batch norms normalise
 */
record Pass(
        Visibility visibility,
        Hiding hiding,
        Turning turning,
        Routers routers,
        Dropout dropout,
        Statistics statistics) {
    /** Shows a router's logits to whoever watches, and returns those to go on with. */
    Tensor observed(int layer, RoutingSpec spec, Tensor logits) {
        return routers instanceof Routers.Traced(RouterTrace trace) ? trace.observe(layer, spec, logits) : logits;
    }

    /** Shows a router's choices to whoever watches. */
    void chosen(int layer, long[] choices) {
        if (routers instanceof Routers.Traced(RouterTrace trace)) trace.chosen(layer, choices);
    }

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

    /** How tokens that are not to be seen are hidden. */
    sealed interface Hiding {
        /** A large negative number is added to their scores. */
        record Added(Tensor bias) implements Hiding {}

        /** What each token sees of its row; other keys are not read at all, or without effect. */
        record Among(SeenKeys seen) implements Hiding {}

        /** One new token sees what its row of the cache holds, so far back. */
        record ByLength(KvCache cache, Window window) implements Hiding {}
    }

    /** Whether somebody watches the routers of experts. */
    sealed interface Routers {
        record Unwatched() implements Routers {}

        record Traced(RouterTrace trace) implements Routers {}
    }

    /** Whether positions enter by rotation. */
    sealed interface Turning {
        record None() implements Turning {}

        record By(Rotary.Angles angles) implements Turning {}
    }
}
