package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * An encoder-decoder (Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
 * 2020): the encoder reads a text whole, the decoder writes another and attends to it at every layer.
 *
 * <p>Positions enter as a bias on the scores, which the first layer of each side holds for all; scores are not divided by
 * the root of the head's width, which the initialisation makes up for.
 */
public final class EncoderDecoder implements Model {
    private final EncoderDecoderConfig config;
    private final Weights weights;
    private final List<EncoderBlock> encoder = new ArrayList<>();
    private final List<CrossBlock> decoder = new ArrayList<>();
    private final RelativePositions encoderPositions;
    private final RelativePositions decoderPositions;
    private final Norm encoderNorm;
    private final Norm decoderNorm;

    private EncoderDecoder(EncoderDecoderConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
        for (int layer = 0; layer < config.encoderLayers(); layer++) {
            encoder.add(EncoderBlock.of(config, weights, layer));
        }
        for (int layer = 0; layer < config.decoderLayers(); layer++) decoder.add(CrossBlock.of(config, weights, layer));
        this.encoderPositions = positions("encoder.relative.weight", true);
        this.decoderPositions = positions("decoder.relative.weight", false);
        this.encoderNorm = Norm.of(config.norm(), weights, "encoder.norm");
        this.decoderNorm = Norm.of(config.norm(), weights, "decoder.norm");
    }

    private RelativePositions positions(String name, boolean bothWays) {
        return new RelativePositions(weights.get(name), config.buckets(), config.maxDistance(), bothWays);
    }

    /** Builds the model over its weights, which it takes into its ownership. */
    public static EncoderDecoder of(EncoderDecoderConfig config, Weights weights) {
        return new EncoderDecoder(config, weights);
    }

    @Override
    public EncoderDecoderConfig config() {
        return config;
    }

    @Override
    public Weights weights() {
        return weights;
    }

    /** Reads texts; positions and token types of the input are not looked at. The innermost scope owns the result. */
    public Encoded encode(EncoderInput input) {
        return encode(input, new BlockRuns.Once(), Dropout.NONE);
    }

    /** The same in a pass of training, which the tape records. */
    public Encoded encode(EncoderInput input, Activations activations, Dropout dropout, Tape tape) {
        return encode(input, BlockRuns.of(activations, tape), dropout.at(0));
    }

    private Encoded encode(EncoderInput input, BlockRuns blocks, Dropout dropout) {
        try (Scope scope = Scope.open()) {
            int tokens = (int) input.ids().size(1);
            Tensor relative = encoderPositions.bias(0, tokens, tokens); // [1, H, S, S]
            MultiHead.Bias padding = input.padding(dtype());
            Tensor both = padding instanceof MultiHead.Bias.Added(Tensor hidden) ? relative.add(hidden) : relative;
            MultiHead.Bias bias = new MultiHead.Bias.Added(blocks.shared(both));
            Tensor h = embedding(input.ids(), dropout); // [B, S, D]
            for (int layer = 0; layer < encoder.size(); layer++) {
                EncoderBlock block = encoder.get(layer);
                Dropout dropped = dropout.at(layer);
                h = blocks.run(h, x -> block.apply(x, bias, dropped));
            }
            if (padding instanceof MultiHead.Bias.Added(Tensor hidden)) scope.keep(hidden);
            return new Encoded(scope.keep(blocks.shared(encoderNorm.apply(h))), padding);
        }
    }

    /**
     * Runs the decoder over whole rows, of which each token sees those before.
     *
     * @param ids {@code [B, T]}, beginning with {@link EncoderDecoderConfig#startId}
     * @return {@code [B, T, D]}, the innermost scope's
     */
    public Tensor decode(Tensor ids, Encoded encoded) {
        return decode(ids, encoded, new BlockRuns.Once(), Dropout.NONE);
    }

    /** The same in a pass of training, which the tape records. */
    public Tensor decode(Tensor ids, Encoded encoded, Activations activations, Dropout dropout, Tape tape) {
        return decode(ids, encoded, BlockRuns.of(activations, tape), dropout.at(1));
    }

    private Tensor decode(Tensor ids, Encoded encoded, BlockRuns blocks, Dropout dropout) {
        try (Scope scope = Scope.open()) {
            int tokens = (int) ids.size(1);
            Tensor relative = blocks.shared(decoderPositions.bias(0, tokens, tokens)); // [1, H, T, T]
            MultiHead.Bias bias = new MultiHead.Bias.Added(relative);
            Tensor h = embedding(ids, dropout); // [B, T, D]
            for (int layer = 0; layer < decoder.size(); layer++) {
                CrossBlock block = decoder.get(layer);
                Dropout dropped = dropout.at(layer);
                h = blocks.run(h, x -> block.apply(x, bias, encoded, dropped));
            }
            return scope.keep(decoderNorm.apply(h));
        }
    }

    private Tensor embedding(Tensor ids, Dropout dropout) {
        return dropout.at(Dropout.EMBEDDING).apply(Functions.embedding(weights.get("tokens.weight"), ids));
    }

    /** Runs the next tokens {@code [B, T]} of the rows of a cache, which takes them up; {@code [B, T, D]}. */
    public Tensor decode(Tensor ids, EncoderDecoderCache cache) {
        try (Scope scope = Scope.open()) {
            int tokens = (int) ids.size(1), first = cache.length();
            MultiHead.Bias bias = new MultiHead.Bias.Added(decoderPositions.bias(first, tokens, first + tokens));
            Tensor h = Functions.embedding(weights.get("tokens.weight"), ids); // [B, T, D]
            for (int layer = 0; layer < decoder.size(); layer++)
                h = decoder.get(layer).apply(h, bias, cache, layer);
            cache.advance(tokens);
            return scope.keep(decoderNorm.apply(h));
        }
    }

    /** Returns each decoder layer's keys and values of an encoded text; the innermost scope's. */
    List<MultiHead.Memory> memories(Encoded encoded) {
        return decoder.stream()
                .map(block -> block.crossAttention().remember(encoded.hiddenStates()))
                .toList();
    }

    /** Returns the bucket of a key {@code distance} tokens behind its query, in the encoder or the decoder. */
    public int bucket(int distance, boolean inEncoder) {
        return (inEncoder ? encoderPositions : decoderPositions).bucket(distance);
    }

    /** Returns what the head's matrix is multiplied with: {@code [..., D]}. */
    public Tensor headInput(Tensor hiddenStates) {
        boolean scaled = config.head() == EncoderDecoderConfig.Head.SHARED_SCALED;
        return scaled ? hiddenStates.mul(1 / Math.sqrt(config.hiddenSize())) : hiddenStates;
    }

    /** Returns the matrix {@code [V, D]} of the head. */
    public Tensor head() {
        return weights.get(config.head().shared() ? "tokens.weight" : "head.weight");
    }

    /** Turns hidden states {@code [..., D]} into logits {@code [..., V]}. */
    public Tensor logits(Tensor hiddenStates) {
        return Functions.linear(headInput(hiddenStates).contiguous(), head());
    }
}
