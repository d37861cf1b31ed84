package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.LatentSpec;
import dev.crema.model.LatentSpec.QueryRank;
import dev.crema.model.RotaryScaling;

/** Translates between {@code config.json} of DeepSeek-V2 and V3 and {@link ArchConfig}. */
final class LatentConfig {
    private LatentConfig() {}

    static ArchConfig read(ConfigJson json, Family family) {
        int hidden = json.integer("hidden_size"), heads = json.integer("num_attention_heads");
        json.require(json.integer("num_key_value_heads", heads) == heads, "num_key_value_heads");
        json.require(json.integer("moe_layer_freq", 1) == 1, "moe_layer_freq");
        json.require(!json.flag("mlp_bias", false), "mlp_bias");
        // What follows from other keys, and what only training in other frameworks reads.
        for (String key : new String[] {"head_dim", "qk_head_dim", "ep_size", "seq_aux", "aux_loss_alpha"})
            json.node(key);
        int ahead = json.integer("num_nextn_predict_layers", 0);
        json.require(ahead == 0 || family == Family.DEEPSEEK_V3, "num_nextn_predict_layers");
        int plain = json.integer("qk_nope_head_dim", 128), turned = json.integer("qk_rope_head_dim", 64);
        PositionSpec.Rotary position = RotaryConfig.read(json, family, json.integer("max_position_embeddings", 2048));
        FeedForwardSpec.Gated dense = new FeedForwardSpec.Gated(
                json.integer("intermediate_size"), FamilyConfig.activation(json, "hidden_act", "silu"), false);
        return new ArchConfig(
                        json.integer("vocab_size"),
                        hidden,
                        ArchConfigChecks.layers(json),
                        json.integer("max_position_embeddings", 2048),
                        new LatentSpec(
                                heads,
                                json.has("q_lora_rank")
                                        ? new QueryRank.Low(json.integer("q_lora_rank"))
                                        : queriesInFull(json),
                                json.integer("kv_lora_rank", 512),
                                plain,
                                turned,
                                json.integer("v_head_dim", 128),
                                json.flag("rope_interleave", true),
                                json.flag("attention_bias", false),
                                scale(plain + turned, position.scaling())),
                        ExpertConfig.read(json, family, dense),
                        new NormSpec.RmsNorm(json.number("rms_norm_eps", 1e-6)),
                        position,
                        json.flag("tie_word_embeddings", false))
                .withMultiTokenLayers(ahead);
    }

    private static QueryRank queriesInFull(ConfigJson json) {
        json.node("q_lora_rank");
        return new QueryRank.Full();
    }

    /** YaRN's longer contexts flatten the scores; DeepSeek makes up for it in their scale as well. */
    private static double scale(int querySize, RotaryScaling scaling) {
        double usual = 1 / Math.sqrt(querySize);
        if (!(scaling instanceof RotaryScaling.Yarn yarn
                && yarn.magnitude() instanceof RotaryScaling.Magnitude.Ratio(double mscale, double mscaleAllDim))) {
            return usual;
        }
        double magnitude = yarn.factor() <= 1 ? 1 : 0.1 * mscaleAllDim * Math.log(yarn.factor()) + 1;
        return usual * magnitude * magnitude;
    }

    /** Writes what {@link #read} reads. */
    static void write(ObjectNode json, Family family, ArchConfig config, LatentSpec latent) {
        json.put("hidden_size", config.hiddenSize());
        json.put("num_hidden_layers", config.layers());
        json.put("num_attention_heads", latent.heads());
        json.put("num_key_value_heads", latent.heads());
        json.put("max_position_embeddings", config.maxPositions());
        json.put("rms_norm_eps", config.norm().epsilon());
        json.put("hidden_act", "silu");
        json.put("attention_bias", latent.bias());
        switch (latent.queryRank()) {
            case QueryRank.Full full -> json.putNull("q_lora_rank");
            case QueryRank.Low(int rank) -> json.put("q_lora_rank", rank);
        }
        json.put("kv_lora_rank", latent.latentSize());
        json.put("qk_nope_head_dim", latent.plainSize());
        json.put("qk_rope_head_dim", latent.rotarySize());
        json.put("v_head_dim", latent.valueSize());
        if (family == Family.DEEPSEEK_V3) {
            json.put("rope_interleave", latent.interleaved());
            json.put("num_nextn_predict_layers", config.multiTokenLayers());
        }
        ExpertConfig.write(json, family, config);
        RotaryConfig.write(json, config.position());
    }
}
