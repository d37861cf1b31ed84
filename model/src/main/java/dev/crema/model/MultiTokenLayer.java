package dev.crema.model;

import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import java.util.List;

/**
 * A layer beyond the stack that predicts one token further ahead ("DeepSeek-V3", 2024, section 2.2).
 *
 * <p>The k-th of them joins what layer k - 1 made of token i with the token that comes k later,
 * {@code h'_i = M [norm(Emb(t_{i+k})); norm(h_i)]}, runs a block of its own over h', and normalises the result: the
 * model's head turns it into the logits of token {@code i + k + 1}, and layer k + 1 goes on from it. What the first goes on
 * from is what the head itself reads. Embedding and head are the model's, and learn from all depths.
 *
 * <p>The paper writes the hidden state first in the brackets; the published weights have the embedding first, as here.
 */
record MultiTokenLayer(Norm embeddingNorm, Norm hiddenNorm, Linear projection, Block block, Norm norm, int layer) {
    static MultiTokenLayer of(ArchConfig config, Weights weights, int layer) {
        String name = "blocks." + layer + ".";
        return new MultiTokenLayer(
                Norm.of(config.norm(), weights, name + "embeddingNorm"),
                Norm.of(config.norm(), weights, name + "hiddenNorm"),
                Linear.of(weights, name + "projection"),
                Block.of(config, weights, layer),
                Norm.of(config.norm(), weights, name + "predictionNorm"),
                layer);
    }

    /** Joins, runs and normalises {@code [B, T, D]}; the result is the outer scope's. */
    Tensor apply(Tensor embedding, Tensor hiddenStates, Pass pass, Activations activations) {
        try (Scope scope = Scope.open()) {
            Tensor known = embeddingNorm.apply(embedding, pass.statistics());
            Tensor before = hiddenNorm.apply(hiddenStates, pass.statistics());
            Tensor joined = projection.apply(Tensor.concat(List.of(known, before), 2)); // [B, T, 2 D] -> [B, T, D]
            Tensor h = switch (activations) {
                case KEEP -> block.apply(joined, pass, layer);
                case RECOMPUTE -> Tape.checkpoint(joined, x -> block.apply(x, pass, layer));
            };
            return scope.keep(norm.apply(h, pass.statistics()));
        }
    }
}
