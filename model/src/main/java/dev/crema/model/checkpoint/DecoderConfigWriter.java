package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.LatentSpec;
import dev.crema.tensor.SoftCap;

/** Writes {@code config.json} of decoders; {@link DecoderConfigJson} is its other direction. */
final class DecoderConfigWriter {
    private DecoderConfigWriter() {}

    static void write(ObjectNode json, Family family, ArchConfig config) {
        json.putArray("architectures").add(family.architecture());
        json.put("tie_word_embeddings", config.tiedHead());
        switch (config.attention()) {
            case LatentSpec latent -> LatentConfig.write(json, family, config, latent);
            case AttentionSpec.GroupedQuery attention when family == Family.GPT2 -> gpt2(json, config);
            case AttentionSpec.GroupedQuery attention -> rotating(json, family, config);
        }
    }

    private static void gpt2(ObjectNode json, ArchConfig config) {
        json.put("n_embd", config.hiddenSize());
        json.put("n_layer", config.layers());
        json.put("n_head", ((AttentionSpec.GroupedQuery) config.attention()).heads());
        json.put("n_positions", config.maxPositions());
        json.put("n_inner", config.feedForward().at(0).width());
        json.put("layer_norm_epsilon", config.norm().epsilon());
        json.put("activation_function", activationName(config.feedForward().at(0)));
    }

    private static void rotating(ObjectNode json, Family family, ArchConfig config) {
        AttentionSpec.GroupedQuery attention = (AttentionSpec.GroupedQuery) config.attention();
        json.put("hidden_size", config.hiddenSize());
        json.put("num_hidden_layers", config.layers());
        json.put("num_attention_heads", attention.heads());
        json.put("num_key_value_heads", attention.keyValueHeads());
        json.put("head_dim", attention.headSize());
        json.put("max_position_embeddings", config.maxPositions());
        json.put("intermediate_size", config.feedForward().at(0).width());
        json.put("rms_norm_eps", config.norm().epsilon());
        switch (family) {
            case LLAMA -> {
                json.put("attention_bias", attention.inputBias());
                json.put("mlp_bias", config.feedForward().at(0).bias());
            }
            case QWEN3, QWEN3_MOE, OLMO2, GEMMA2, GEMMA3 -> json.put("attention_bias", attention.inputBias());
            case QWEN2_MOE -> json.put("qkv_bias", attention.inputBias());
            // Without the key transformers takes token 32000 for padding, which a smaller vocabulary does not have.
            case PHI3 -> json.putNull("pad_token_id");
            default -> {}
        }
        boolean gemma = family == Family.GEMMA2 || family == Family.GEMMA3;
        json.put(
                gemma ? "hidden_activation" : "hidden_act",
                activationName(config.feedForward().at(0)));
        if (gemma) {
            json.put("query_pre_attn_scalar", whole(1 / (attention.scale() * attention.scale())));
            cap(json, "attn_logit_softcapping", attention.scoreCap());
            cap(json, "final_logit_softcapping", config.logitCap());
        }
        ExpertConfig.write(json, family, config);
        WindowConfig.write(json, family, attention.window());
        RotaryConfig.write(json, config.position());
    }

    /** Returns what was a whole number before roots and squares made it nearly one; transformers wants no other. */
    private static int whole(double value) {
        return Math.toIntExact(Math.round(value));
    }

    private static void cap(ObjectNode json, String key, SoftCap cap) {
        switch (cap) {
            case SoftCap.None none -> json.putNull(key);
            case SoftCap.Tanh(double limit) -> json.put(key, limit);
        }
    }

    private static String activationName(FeedForwardSpec.Part feedForward) {
        return switch (feedForward) {
            case FeedForwardSpec.Plain plain -> FamilyConfig.name(plain.activation());
            // The name that gated families' files have for it; other programs know no other.
            case FeedForwardSpec.Gated gated when gated.activation() == Activation.GELU_TANH -> "gelu_pytorch_tanh";
            case FeedForwardSpec.Gated gated -> FamilyConfig.name(gated.activation());
            case FeedForwardSpec.Experts experts -> FamilyConfig.name(Activation.SILU);
        };
    }
}
