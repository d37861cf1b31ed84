package dev.crema.model.checkpoint;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormPlacement;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.ArchConfig.QueryKeyNorm;
import dev.crema.tensor.SoftCap;
import dev.crema.text.InputException;

/** Reads {@code config.json} of decoders; {@link DecoderConfigWriter} is its other direction. */
final class DecoderConfigJson {
    private DecoderConfigJson() {}

    static ArchConfig read(ConfigJson json, Family family) {
        return family == Family.GPT2 ? gpt2(json) : rotating(json, family);
    }

    private static ArchConfig gpt2(ConfigJson json) {
        json.require(!json.flag("scale_attn_by_inverse_layer_idx", false), "scale_attn_by_inverse_layer_idx");
        json.require(json.flag("scale_attn_weights", true), "scale_attn_weights");
        json.require(!json.flag("add_cross_attention", false), "add_cross_attention");
        int hidden = json.integer("n_embd"), heads = json.integer("n_head");
        ArchConfigChecks.divides(heads, hidden);
        return new ArchConfig(
                json.integer("vocab_size"),
                hidden,
                json.integer("n_layer"),
                json.integer("n_positions", 1024),
                new AttentionSpec.GroupedQuery(heads, heads, hidden / heads, true, true),
                new FeedForwardSpec.Plain(
                        json.integer("n_inner", 4 * hidden),
                        FamilyConfig.activation(json, "activation_function", "gelu_new"),
                        true),
                new NormSpec.LayerNorm(json.number("layer_norm_epsilon", 1e-5)),
                new PositionSpec.Learned(),
                json.flag("tie_word_embeddings", true));
    }

    /** Reads the families that descend from Llama: pairs that rotate, gated feed-forward parts, RMS norms. */
    private static ArchConfig rotating(ConfigJson json, Family family) {
        int layers = ArchConfigChecks.layers(json), hidden = json.integer("hidden_size");
        int positions = json.integer("max_position_embeddings", 2048);
        double epsilon = json.number(
                "rms_norm_eps",
                switch (family) {
                    case PHI3, OLMO2, MIXTRAL -> 1e-5;
                    default -> 1e-6;
                });
        boolean gemma = family == Family.GEMMA2 || family == Family.GEMMA3;
        return new ArchConfig(
                json.integer("vocab_size"),
                hidden,
                layers,
                positions,
                attention(json, family, layers, hidden),
                ExpertConfig.read(
                        json,
                        family,
                        new FeedForwardSpec.Gated(
                                json.integer("intermediate_size"),
                                gemma
                                        ? FamilyConfig.activation(json, "hidden_activation", "gelu_pytorch_tanh")
                                        : FamilyConfig.activation(json, "hidden_act", "silu"),
                                bias(json, "mlp_bias", family == Family.LLAMA))),
                gemma ? new NormSpec.UnitOffsetRmsNorm(epsilon) : new NormSpec.RmsNorm(epsilon),
                placement(family),
                family == Family.GEMMA3
                        ? RotaryConfig.readByWindow(json, family, positions)
                        : RotaryConfig.read(json, family, positions),
                gemma ? Math.sqrt(hidden) : 1,
                cap(json, "final_logit_softcapping", family == Family.GEMMA2 ? 30 : 0),
                json.flag("tie_word_embeddings", gemma),
                0);
    }

    static NormPlacement placement(Family family) {
        return switch (family) {
            case OLMO2 -> NormPlacement.AFTER;
            case GEMMA2, GEMMA3 -> NormPlacement.BOTH;
            default -> NormPlacement.BEFORE;
        };
    }

    private static AttentionSpec attention(ConfigJson json, Family family, int layers, int hidden) {
        int heads = json.integer("num_attention_heads"), headSize = headSize(json, family, heads, hidden);
        boolean bias = bias(json, "attention_bias", biased(family));
        boolean gemma = family == Family.GEMMA2 || family == Family.GEMMA3;
        if (gemma) {
            json.node("hidden_act"); // of older files; what counts is hidden_activation
            json.require(!json.flag("use_bidirectional_attention", false), "use_bidirectional_attention");
        }
        SoftCap cap = cap(json, "attn_logit_softcapping", family == Family.GEMMA2 ? 50 : 0);
        json.require(family == Family.GEMMA2 || cap instanceof SoftCap.None, "attn_logit_softcapping");
        return new AttentionSpec.GroupedQuery(
                heads,
                json.integer("num_key_value_heads", heads),
                headSize,
                switch (family) {
                    case QWEN2 -> true;
                    case QWEN2_MOE -> json.flag("qkv_bias", true);
                    default -> bias;
                },
                family != Family.QWEN2 && bias,
                switch (family) {
                    case QWEN3, QWEN3_MOE, GEMMA3 -> QueryKeyNorm.HEAD;
                    case OLMO2 -> QueryKeyNorm.WHOLE;
                    default -> QueryKeyNorm.NONE;
                },
                1 / Math.sqrt(gemma ? json.number("query_pre_attn_scalar", 256) : headSize),
                cap,
                WindowConfig.read(json, family, layers));
    }

    /** Tells whether a family's files may say that attention has biases. */
    private static boolean biased(Family family) {
        return switch (family) {
            case LLAMA, QWEN2, QWEN3, QWEN3_MOE, OLMO2, GEMMA2, GEMMA3 -> true;
            default -> false;
        };
    }

    private static int headSize(ConfigJson json, Family family, int heads, int hidden) {
        int headSize = json.has("head_dim") ? json.integer("head_dim") : usualHeadSize(family, heads, hidden);
        if (headSize % 2 != 0)
            throw new InputException("A head size of " + headSize + " cannot rotate: it has to be even");
        return headSize;
    }

    private static int usualHeadSize(Family family, int heads, int hidden) {
        return switch (family) {
            case QWEN3 -> 128;
            case GEMMA2, GEMMA3 -> 256;
            default -> {
                ArchConfigChecks.divides(heads, hidden);
                yield hidden / heads;
            }
        };
    }

    /** Reads whether projections have a bias, which not every family has a way to say. */
    private static boolean bias(ConfigJson json, String key, boolean known) {
        boolean bias = json.flag(key, false);
        json.require(known || !bias, key);
        return bias;
    }

    /** Reads a bound, which an explicit null takes away. */
    private static SoftCap cap(ConfigJson json, String key, double otherwise) {
        double limit = json.node(key).isNull() ? 0 : json.number(key, otherwise);
        json.require(limit >= 0, key);
        return limit == 0 ? new SoftCap.None() : new SoftCap.Tanh(limit);
    }
}
