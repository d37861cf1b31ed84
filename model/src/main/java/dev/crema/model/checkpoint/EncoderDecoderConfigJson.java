package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.EncoderDecoderConfig.Head;
import dev.crema.text.InputException;

/** Translates between {@code config.json} of T5 and {@link EncoderDecoderConfig}. */
final class EncoderDecoderConfigJson {
    private EncoderDecoderConfigJson() {}

    static EncoderDecoderConfig read(ConfigJson json) {
        json.require(json.flag("is_encoder_decoder", true), "is_encoder_decoder");
        int layers = json.integer("num_layers", 6);
        return new EncoderDecoderConfig(
                json.integer("vocab_size"),
                json.integer("d_model", 512),
                layers,
                json.integer("num_decoder_layers", layers),
                json.integer("num_heads", 8),
                json.integer("d_kv", 64),
                json.integer("relative_attention_num_buckets", 32),
                json.integer("relative_attention_max_distance", 128),
                feedForward(json),
                new NormSpec.RmsNorm(json.number("layer_norm_epsilon", 1e-6)),
                head(json),
                json.integer("decoder_start_token_id", 0));
    }

    private static FeedForwardSpec.Dense feedForward(ConfigJson json) {
        int width = json.integer("d_ff", 2048);
        String name = json.text("feed_forward_proj", "relu");
        json.flag("is_gated_act", false); // derived from the name, as is the next
        json.text("dense_act_fn", "");
        return switch (name) {
            case "relu" -> new FeedForwardSpec.Plain(width, Activation.RELU, false);
            case "gelu" -> new FeedForwardSpec.Plain(width, Activation.GELU, false);
            case "gelu_new" -> new FeedForwardSpec.Plain(width, Activation.GELU_TANH, false);
            // The name was given before the approximation had one.
            case "gated-gelu", "gated-gelu_new" -> new FeedForwardSpec.Gated(width, Activation.GELU_TANH, false);
            case "gated-silu" -> new FeedForwardSpec.Gated(width, Activation.SILU, false);
            case "gated-relu" -> new FeedForwardSpec.Gated(width, Activation.RELU, false);
            default ->
                throw new InputException("The feed_forward_proj \"" + name + "\" is not known; known are relu, gelu,"
                        + " gelu_new, gated-gelu, gated-silu and gated-relu");
        };
    }

    /** A model whose embeddings are not tied does not scale, even where its file holds no second matrix. */
    private static Head head(ConfigJson json) {
        boolean tied = json.flag("tie_word_embeddings", true);
        boolean scaled = json.flag("scale_decoder_outputs", tied);
        if (scaled) return Head.SHARED_SCALED;
        return Head.SEPARATE;
    }

    static void write(ObjectNode json, EncoderDecoderConfig config) {
        json.putArray("architectures").add(Family.T5.architecture());
        json.put("is_encoder_decoder", true);
        json.put("d_model", config.hiddenSize());
        json.put("num_layers", config.encoderLayers());
        json.put("num_decoder_layers", config.decoderLayers());
        json.put("num_heads", config.heads());
        json.put("d_kv", config.headSize());
        json.put("d_ff", config.feedForward().width());
        json.put("feed_forward_proj", name(config.feedForward()));
        json.put("relative_attention_num_buckets", config.buckets());
        json.put("relative_attention_max_distance", config.maxDistance());
        json.put("layer_norm_epsilon", config.norm().epsilon());
        json.put("decoder_start_token_id", config.startId());
        json.put("pad_token_id", config.startId());
        // transformers scales exactly where this is not false.
        json.put("tie_word_embeddings", config.head() == Head.SHARED_SCALED);
    }

    private static String name(FeedForwardSpec.Dense feedForward) {
        return switch (feedForward) {
            case FeedForwardSpec.Plain plain -> FamilyConfig.name(plain.activation());
            case FeedForwardSpec.Gated gated ->
                gated.activation() == Activation.GELU_TANH
                        ? "gated-gelu"
                        : "gated-" + FamilyConfig.name(gated.activation());
        };
    }
}
