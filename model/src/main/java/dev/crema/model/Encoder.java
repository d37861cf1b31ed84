package dev.crema.model;

import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.EncoderConfig.PoolerActivation;
import dev.crema.tensor.DType;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * An encoder-only transformer (Devlin et al., "BERT", 2019; Liu et al., "RoBERTa", 2019; Sanh et al., "DistilBERT",
 * 2019): each token's vector depends on all tokens of its text. What is read off them is the head's matter.
 */
public final class Encoder implements Model {
    private final EncoderConfig config;
    private final Weights weights;
    private final Norm embeddingNorm;
    private final List<EncoderBlock> blocks = new ArrayList<>();

    private Encoder(EncoderConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
        this.embeddingNorm = Norm.of(config.norm(), weights, "embeddingNorm");
        for (int layer = 0; layer < config.layers(); layer++) blocks.add(EncoderBlock.of(config, weights, layer));
    }

    /** Builds the model over its weights, which it takes into its ownership. */
    public static Encoder of(EncoderConfig config, Weights weights) {
        return new Encoder(config, weights);
    }

    @Override
    public EncoderConfig config() {
        return config;
    }

    @Override
    public Weights weights() {
        return weights;
    }

    /** Runs embedding and blocks: {@code [B, T, D]}, the innermost scope's; what stands in padding means nothing. */
    public Tensor hiddenStates(EncoderInput input) {
        return hiddenStates(input, Activations.KEEP, Dropout.NONE);
    }

    /** The same in a pass of training. */
    public Tensor hiddenStates(EncoderInput input, Activations activations, Dropout dropout) {
        boolean checkpoint = activations == Activations.RECOMPUTE;
        try (Scope scope = Scope.open()) {
            MultiHead.Bias bias = input.bias(dtype());
            if (checkpoint && bias instanceof MultiHead.Bias.Added(Tensor values)) Tape.retain(values);
            Tensor h = dropout.at(Dropout.EMBEDDING).apply(embedding(input));
            for (int layer = 0; layer < blocks.size(); layer++) {
                EncoderBlock block = blocks.get(layer);
                Dropout dropped = dropout.at(layer);
                h = checkpoint ? Tape.checkpoint(h, x -> block.apply(x, bias, dropped)) : block.apply(h, bias, dropped);
            }
            return scope.keep(h);
        }
    }

    private Tensor embedding(EncoderInput input) {
        Tensor places = input.positions().add(config.firstPosition()).to(DType.INT64);
        Tensor h = Functions.embedding(weights.get("tokens.weight"), input.ids()) // [B, T, D]
                .add(Functions.embedding(weights.get("positions.weight"), places));
        if (config.tokenTypes() > 0) {
            h = h.add(Functions.embedding(weights.get("tokenTypes.weight"), input.tokenTypes()));
        }
        return embeddingNorm.apply(h);
    }

    /** Tells whether the model's head gives logits. */
    public boolean hasLogits() {
        return !(config.head() instanceof Head.None || config.head() instanceof Head.Pooler);
    }

    /**
     * Turns hidden states {@code [B, T, D]} into the head's logits: {@code [B, T, V]} of a masked language model, {@code [B,
     * labels]} of a sequence classifier, {@code [B, T, labels]} of a token classifier.
     *
     * @throws IllegalStateException if the head gives none
     */
    public Tensor logits(Tensor hiddenStates) {
        return switch (config.head()) {
            case Head.MaskedLanguage head -> Functions.linear(predictions(hiddenStates), head(), headBias());
            case Head.SequenceClassification head -> linear("classifier", pooled(hiddenStates));
            case Head.TokenClassification head -> linear("classifier", hiddenStates);
            case Head.None none -> throw new IllegalStateException("the model has no head");
            case Head.Pooler pooler -> throw new IllegalStateException("the model has no head");
        };
    }

    /** Returns the first token's projection {@code [B, D]}, of a model with a pooler or a sequence classifier. */
    public Tensor pooled(Tensor hiddenStates) {
        Tensor first = linear("pooler", hiddenStates.select(1, 0).contiguous()); // [B, D]
        boolean relu = config.head() instanceof Head.SequenceClassification(PoolerActivation activation, var labels)
                && activation == PoolerActivation.RELU;
        return relu ? Functions.relu(first) : Functions.tanh(first);
    }

    /** Returns what a masked language model's head multiplies with {@link #head}: {@code [..., D]}. */
    public Tensor predictions(Tensor hiddenStates) {
        Head.MaskedLanguage head = (Head.MaskedLanguage) config.head();
        Norm norm = Norm.of(config.norm(), weights, "predictionNorm");
        return norm.apply(FeedForward.activate(head.activation(), linear("prediction", hiddenStates)));
    }

    /** Returns the matrix {@code [V, D]} of a masked language model's head. */
    public Tensor head() {
        return weights.get(((Head.MaskedLanguage) config.head()).tied() ? "tokens.weight" : "head.weight");
    }

    /** Returns the bias {@code [V]} of a masked language model's head. */
    public Tensor headBias() {
        return weights.get("head.bias");
    }

    private Tensor linear(String name, Tensor x) {
        return Functions.linear(x, weights.get(name + ".weight"), weights.get(name + ".bias"));
    }
}
