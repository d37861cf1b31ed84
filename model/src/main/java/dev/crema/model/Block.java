package dev.crema.model;

import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;

/** One layer of a decoder: attention and feed-forward, each behind a norm and added to the residual stream. */
record Block(Norm attentionNorm, Attention attention, Norm feedForwardNorm, FeedForward feedForward) {
    static Block of(ArchConfig config, Weights weights, int layer) {
        String name = "blocks." + layer + ".";
        return new Block(
                Norm.of(config.norm(), weights, name + "attentionNorm"),
                Attention.of(config, weights, name + "attention"),
                Norm.of(config.norm(), weights, name + "feedForwardNorm"),
                FeedForward.of(config.feedForward(), weights, name + "feedForward"));
    }

    /** Runs the layer on {@code [B, T, D]}; the result is the outer scope's. */
    Tensor apply(Tensor hiddenStates, Pass pass, int layer) {
        try (Scope scope = Scope.open()) {
            Tensor h = hiddenStates.add(attention.apply(attentionNorm.apply(hiddenStates), pass, layer));
            return scope.keep(h.add(feedForward.apply(feedForwardNorm.apply(h))));
        }
    }
}
