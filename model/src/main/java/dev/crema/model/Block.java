package dev.crema.model;

import dev.crema.model.ArchConfig.NormPlacement;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;

/** One layer of a decoder: attention and feed-forward, each added to the residual stream. */
record Block(Norms attentionNorms, Attention attention, Norms feedForwardNorms, FeedForward feedForward) {
    /** The norm of what a part reads, and that of what it adds to the residual stream. */
    record Norms(Norm before, Norm after) {
        static Norms of(ArchConfig config, Weights weights, String part) {
            NormPlacement placement = config.normPlacement();
            return new Norms(
                    placement.before() ? Norm.of(config.norm(), weights, part + "Norm") : new Norm.None(),
                    placement.after() ? Norm.of(config.norm(), weights, part + "OutputNorm") : new Norm.None());
        }
    }

    static Block of(ArchConfig config, Weights weights, int layer) {
        String name = "blocks." + layer + ".";
        return new Block(
                Norms.of(config, weights, name + "attention"),
                Attention.of(config, weights, name + "attention"),
                Norms.of(config, weights, name + "feedForward"),
                FeedForward.of(config.feedForward().at(layer), weights, name + "feedForward"));
    }

    /** Runs the layer on {@code [B, T, D]}; the result is the outer scope's. */
    Tensor apply(Tensor hiddenStates, Pass pass, int layer) {
        try (Scope scope = Scope.open()) {
            Tensor attended =
                    attention.apply(attentionNorms.before().apply(hiddenStates, pass.statistics()), pass, layer);
            Dropout dropout = pass.dropout().at(layer);
            Tensor added = attentionNorms.after().apply(attended, pass.statistics());
            Tensor h = hiddenStates.add(dropout.at(0).apply(added));
            Tensor fed = feedForward.apply(feedForwardNorms.before().apply(h, pass.statistics()), pass, layer);
            added = feedForwardNorms.after().apply(fed, pass.statistics());
            return scope.keep(h.add(dropout.at(1).apply(added)));
        }
    }
}
