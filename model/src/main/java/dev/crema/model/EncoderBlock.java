package dev.crema.model;

import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;

/** One layer of an encoder: attention to both sides and feed-forward. */
record EncoderBlock(
        MultiHead.ToSelf attention,
        Residual attentionResidual,
        FeedForward.Dense feedForward,
        Residual feedForwardResidual) {
    static EncoderBlock of(EncoderConfig config, Weights weights, int layer) {
        String name = "blocks." + layer + ".";
        return new EncoderBlock(
                MultiHead.ToSelf.of(weights, name + "attention", config.heads(), 1 / Math.sqrt(config.headSize())),
                new Residual(Norm.of(config.norm(), weights, name + "attentionNorm"), Residual.Place.AFTER),
                FeedForward.dense(config.feedForward(), weights, name + "feedForward"),
                new Residual(Norm.of(config.norm(), weights, name + "feedForwardNorm"), Residual.Place.AFTER));
    }

    static EncoderBlock of(EncoderDecoderConfig config, Weights weights, int layer) {
        String name = "encoder.blocks." + layer + ".";
        return new EncoderBlock(
                MultiHead.ToSelf.of(weights, name + "attention", config.heads(), 1),
                new Residual(Norm.of(config.norm(), weights, name + "attentionNorm"), Residual.Place.BEFORE),
                FeedForward.dense(config.feedForward(), weights, name + "feedForward"),
                new Residual(Norm.of(config.norm(), weights, name + "feedForwardNorm"), Residual.Place.BEFORE));
    }

    /** Runs the layer on {@code [B, T, D]}; the result is the outer scope's. */
    Tensor apply(Tensor hiddenStates, MultiHead.Bias bias, Dropout dropout) {
        try (Scope scope = Scope.open()) {
            Tensor h = attentionResidual.apply(hiddenStates, dropout.at(0), x -> attention.apply(x, bias));
            return scope.keep(feedForwardResidual.apply(h, dropout.at(1), feedForward::apply));
        }
    }
}
