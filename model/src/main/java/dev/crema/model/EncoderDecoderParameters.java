package dev.crema.model;

import static dev.crema.model.ParameterSpec.linear;
import static dev.crema.model.ParameterSpec.matrix;
import static dev.crema.model.ParameterSpec.norm;

import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ParameterSpec.Start;
import java.util.ArrayList;
import java.util.List;

/** The parameters of an {@link EncoderDecoder}. */
final class EncoderDecoderParameters {
    private EncoderDecoderParameters() {}

    static List<ParameterSpec> of(EncoderDecoderConfig config) {
        List<ParameterSpec> specs = new ArrayList<>();
        long d = config.hiddenSize();
        boolean scaled = config.head() == EncoderDecoderConfig.Head.SHARED_SCALED;
        specs.add(matrix("tokens.weight", config.vocabularySize(), d, scaled ? Start.WIDE : Start.NORMAL));
        specs.add(matrix("encoder.relative.weight", config.buckets(), config.heads(), Start.NORMAL));
        for (int layer = 0; layer < config.encoderLayers(); layer++) {
            String block = "encoder.blocks." + layer + ".";
            toSelf(specs, config, block);
            feedForward(specs, config, block);
        }
        norm(specs, "encoder.norm", config.norm(), d);
        specs.add(matrix("decoder.relative.weight", config.buckets(), config.heads(), Start.NORMAL));
        for (int layer = 0; layer < config.decoderLayers(); layer++) {
            String block = "decoder.blocks." + layer + ".";
            toSelf(specs, config, block);
            toOther(specs, config, block);
            feedForward(specs, config, block);
        }
        norm(specs, "decoder.norm", config.norm(), d);
        if (!config.head().shared()) specs.add(matrix("head.weight", config.vocabularySize(), d, Start.NORMAL));
        return specs;
    }

    private static void toSelf(List<ParameterSpec> specs, EncoderDecoderConfig config, String block) {
        long d = config.hiddenSize(), width = config.attentionWidth();
        norm(specs, block + "attentionNorm", config.norm(), d);
        linear(specs, block + "attention.input", 3 * width, d, false, Start.NORMAL);
        linear(specs, block + "attention.output", d, width, false, Start.RESIDUAL);
    }

    private static void toOther(List<ParameterSpec> specs, EncoderDecoderConfig config, String block) {
        long d = config.hiddenSize(), width = config.attentionWidth();
        norm(specs, block + "crossAttentionNorm", config.norm(), d);
        linear(specs, block + "crossAttention.query", width, d, false, Start.NORMAL);
        linear(specs, block + "crossAttention.memory", 2 * width, d, false, Start.NORMAL);
        linear(specs, block + "crossAttention.output", d, width, false, Start.RESIDUAL);
    }

    private static void feedForward(List<ParameterSpec> specs, EncoderDecoderConfig config, String block) {
        long d = config.hiddenSize(), width = config.feedForward().width();
        long input = config.feedForward() instanceof FeedForwardSpec.Gated ? 2 * width : width;
        norm(specs, block + "feedForwardNorm", config.norm(), d);
        linear(specs, block + "feedForward.input", input, d, false, Start.NORMAL);
        linear(specs, block + "feedForward.output", d, width, false, Start.RESIDUAL);
    }
}
