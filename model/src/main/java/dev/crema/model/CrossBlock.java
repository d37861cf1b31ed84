package dev.crema.model;

import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;

/** One layer of an encoder-decoder's decoder: attention to earlier tokens, to the encoder's text, and feed-forward. */
record CrossBlock(
        MultiHead.ToSelf attention,
        Residual attentionResidual,
        MultiHead.ToOther crossAttention,
        Residual crossAttentionResidual,
        FeedForward.Dense feedForward,
        Residual feedForwardResidual) {
    static CrossBlock of(EncoderDecoderConfig config, Weights weights, int layer) {
        String name = "decoder.blocks." + layer + ".";
        return new CrossBlock(
                MultiHead.ToSelf.of(weights, name + "attention", config.heads(), 1),
                residual(config, weights, name + "attentionNorm"),
                MultiHead.ToOther.of(weights, name + "crossAttention", config.heads(), 1),
                residual(config, weights, name + "crossAttentionNorm"),
                FeedForward.dense(config.feedForward(), weights, name + "feedForward"),
                residual(config, weights, name + "feedForwardNorm"));
    }

    private static Residual residual(EncoderDecoderConfig config, Weights weights, String name) {
        return new Residual(Norm.of(config.norm(), weights, name), Residual.Place.BEFORE);
    }

    /** Runs the layer on whole rows {@code [B, T, D]}; the result is the outer scope's. */
    Tensor apply(Tensor hiddenStates, MultiHead.Bias bias, Encoded encoded, Dropout dropout) {
        try (Scope scope = Scope.open()) {
            Tensor h = attentionResidual.apply(hiddenStates, dropout.at(0), x -> attention.apply(x, bias));
            MultiHead.Memory memory = crossAttention.remember(encoded.hiddenStates());
            return scope.keep(rest(h, memory, encoded.bias(), dropout));
        }
    }

    /** Runs the layer on the next tokens {@code [B, T, D]} of a cache's rows. */
    Tensor apply(Tensor hiddenStates, MultiHead.Bias bias, EncoderDecoderCache cache, int layer) {
        try (Scope scope = Scope.open()) {
            Tensor h = attentionResidual.apply(hiddenStates, Dropout.NONE, x -> attention.apply(x, bias, cache, layer));
            return scope.keep(rest(h, cache.encoded(layer), cache.encodedBias(), Dropout.NONE));
        }
    }

    private Tensor rest(Tensor hiddenStates, MultiHead.Memory memory, MultiHead.Bias bias, Dropout dropout) {
        Tensor h =
                crossAttentionResidual.apply(hiddenStates, dropout.at(1), x -> crossAttention.apply(x, memory, bias));
        return feedForwardResidual.apply(h, dropout.at(2), feedForward::apply);
    }
}
