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
            Statistics statistics = pass.statistics();
            Dropout dropout = pass.dropout().at(layer);
            Tensor x = attentionNorms.before().apply(hiddenStates, statistics);
            Tensor h = attention.apply(
                    x, pass, layer, new ResidualSum(hiddenStates, attentionNorms.after(), statistics, dropout.at(0)));
            x = feedForwardNorms.before().apply(h, statistics);
            return scope.keep(feedForward.apply(
                    x, pass, layer, new ResidualSum(h, feedForwardNorms.after(), statistics, dropout.at(1))));
        }
    }
}
