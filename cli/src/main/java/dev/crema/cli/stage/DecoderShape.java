package dev.crema.cli.stage;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.AttentionSpec.GroupedQuery;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.LatentSpec;
import dev.crema.model.ModelConfig;

/** The decoder that takes as much memory as a model of any kind: what a layer keeps does not depend on who sees whom. */
final class DecoderShape {
    private DecoderShape() {}

    static ArchConfig of(ModelConfig config) {
        return switch (config) {
            case ArchConfig decoder ->
                decoder.attention() instanceof LatentSpec latent ? expanded(decoder, latent) : decoder;
            case EncoderConfig encoder ->
                new ArchConfig(
                        encoder.vocabularySize(),
                        encoder.hiddenSize(),
                        encoder.layers(),
                        encoder.context(),
                        new GroupedQuery(encoder.heads(), encoder.heads(), encoder.headSize(), true, true),
                        encoder.feedForward(),
                        encoder.norm(),
                        new PositionSpec.Learned(),
                        true);
            case EncoderDecoderConfig both ->
                new ArchConfig(
                        both.vocabularySize(),
                        both.hiddenSize(),
                        both.layers() + (both.decoderLayers() + 1) / 2, // for the decoder's second attention
                        1,
                        new GroupedQuery(both.heads(), both.heads(), both.headSize(), false, false),
                        both.feedForward(),
                        both.norm(),
                        new PositionSpec.Learned(),
                        both.head().shared());
        };
    }

    /** Latent attention trains in the expanded form, which is multi-head attention. */
    private static ArchConfig expanded(ArchConfig config, LatentSpec latent) {
        return new ArchConfig(
                        config.vocabularySize(),
                        config.hiddenSize(),
                        config.layers(),
                        config.maxPositions(),
                        new GroupedQuery(
                                latent.heads(), latent.heads(), latent.querySize(), latent.bias(), latent.bias()),
                        config.feedForward(),
                        config.norm(),
                        config.position(),
                        config.tiedHead())
                .withMultiTokenLayers(config.multiTokenLayers());
    }
}
