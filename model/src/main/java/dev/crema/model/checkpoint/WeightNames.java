package dev.crema.model.checkpoint;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.LatentSpec;
import dev.crema.model.ModelConfig;
import dev.crema.model.ParameterSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Translates between the names of our weights and those of a family's checkpoints.
 *
 * <p>A weight of ours is the rows of one or more of theirs, one below the other; GPT-2 keeps its matrices transposed.
 */
final class WeightNames {
    private static final Map<String, String> LLAMA = Map.ofEntries(
            Map.entry("tokens", "model.embed_tokens"),
            Map.entry("attentionNorm", "input_layernorm"),
            Map.entry("attention.queryNorm", "self_attn.q_norm"),
            Map.entry("attention.keyNorm", "self_attn.k_norm"),
            Map.entry("attention.output", "self_attn.o_proj"),
            Map.entry("attention.query", "self_attn.q_proj"),
            Map.entry("attention.queryLatent", "self_attn.q_a_proj"),
            Map.entry("attention.queryLatentNorm", "self_attn.q_a_layernorm"),
            Map.entry("attention.latent", "self_attn.kv_a_proj_with_mqa"),
            Map.entry("attention.latentNorm", "self_attn.kv_a_layernorm"),
            Map.entry("attention.expansion", "self_attn.kv_b_proj"),
            Map.entry("feedForwardNorm", "post_attention_layernorm"),
            Map.entry("feedForward.output", "mlp.down_proj"),
            Map.entry("embeddingNorm", "enorm"),
            Map.entry("hiddenNorm", "hnorm"),
            Map.entry("projection", "eh_proj"),
            Map.entry("predictionNorm", "shared_head.norm"),
            Map.entry("norm", "model.norm"),
            Map.entry("head", "lm_head"));
    /** With norms around what the parts add. */
    private static final Map<String, String> OUTPUT_NORMS = with(
            LLAMA,
            Map.of(
                    "attentionOutputNorm", "post_attention_layernorm",
                    "feedForwardNorm", "pre_feedforward_layernorm",
                    "feedForwardOutputNorm", "post_feedforward_layernorm"));
    /** With joint projections. */
    private static final Map<String, String> PHI3 =
            with(LLAMA, Map.of("attention.input", "self_attn.qkv_proj", "feedForward.input", "mlp.gate_up_proj"));

    private static final Map<String, String> GPT2 = Map.ofEntries(
            Map.entry("tokens", "transformer.wte"),
            Map.entry("positions", "transformer.wpe"),
            Map.entry("attentionNorm", "ln_1"),
            Map.entry("attention.input", "attn.c_attn"),
            Map.entry("attention.output", "attn.c_proj"),
            Map.entry("feedForwardNorm", "ln_2"),
            Map.entry("feedForward.input", "mlp.c_fc"),
            Map.entry("feedForward.output", "mlp.c_proj"),
            Map.entry("norm", "transformer.ln_f"),
            Map.entry("head", "lm_head"));

    private WeightNames() {}

    /** Rows of a weight of ours that are a tensor of theirs. */
    record Part(String name, long firstRow, long rows, boolean transposed) {
        /** All of a weight of experts, as one tensor of three dimensions. */
        static Part stacked(String name) {
            return new Part(name, 0, ALL, false);
        }

        boolean whole() {
            return rows == ALL;
        }

        private static final long ALL = -1;
    }

    /** Lists the parts of a weight, {@code rows} high, in order. */
    static List<Part> parts(Family family, ModelConfig config, String weight, long rows) {
        return switch (config) {
            case ArchConfig decoder -> parts(family, decoder, weight, rows);
            case EncoderConfig encoder -> EncoderWeightNames.parts(family, encoder, weight, rows);
            case EncoderDecoderConfig both -> EncoderDecoderWeightNames.parts(both, weight, rows);
        };
    }

    private static List<Part> parts(Family family, ArchConfig config, String weight, long rows) {
        int dot = weight.lastIndexOf('.');
        String part = weight.substring(0, dot), kind = weight.substring(dot);
        return switch (family) {
            case GPT2 -> {
                boolean transposed =
                        kind.equals(".weight") && (part.contains("attention.") || part.contains("feedForward."));
                yield List.of(new Part(theirs(GPT2, "transformer.h.", part) + kind, 0, rows, transposed));
            }
            case PHI3 -> List.of(new Part(theirs(PHI3, "model.layers.", part) + kind, 0, rows, false));
            case OLMO2, GEMMA2, GEMMA3 -> apart(OUTPUT_NORMS, family, config, part, kind, rows);
            default -> apart(LLAMA, family, config, part, kind, rows);
        };
    }

    /** Takes joint projections apart. */
    private static List<Part> apart(
            Map<String, String> names, Family family, ArchConfig config, String part, String kind, long rows) {
        if (part.contains(".feedForward.") && feedForward(config, part) instanceof FeedForwardSpec.Experts experts) {
            return new ExpertNames(family, experts, layer("model.layers.", part), config.hiddenSize())
                    .parts(inBlock(part), kind, rows);
        }
        if (part.endsWith("attention.input")) {
            AttentionSpec.GroupedQuery a = (AttentionSpec.GroupedQuery) config.attention();
            String prefix = layer("model.layers.", part) + "self_attn.";
            return List.of(
                    new Part(prefix + "q_proj" + kind, 0, a.queryWidth(), false),
                    new Part(prefix + "k_proj" + kind, a.queryWidth(), a.keyWidth(), false),
                    new Part(prefix + "v_proj" + kind, a.queryWidth() + a.keyWidth(), a.keyWidth(), false));
        }
        if (part.endsWith("feedForward.input")) {
            FeedForwardSpec.Part f = feedForward(config, part);
            String prefix = layer("model.layers.", part) + "mlp.";
            return List.of(
                    new Part(prefix + "gate_proj" + kind, 0, f.width(), false),
                    new Part(prefix + "up_proj" + kind, f.width(), f.width(), false));
        }
        boolean fromLatent = part.endsWith("attention.query")
                && config.attention() instanceof LatentSpec latent
                && latent.queryRank() instanceof LatentSpec.QueryRank.Low;
        String name = theirs(names, "model.layers.", part);
        return List.of(new Part((fromLatent ? name.replace("q_proj", "q_b_proj") : name) + kind, 0, rows, false));
    }

    private static Map<String, String> with(Map<String, String> names, Map<String, String> others) {
        Map<String, String> all = new HashMap<>(names);
        all.putAll(others);
        return Map.copyOf(all);
    }

    /**
     * Returns the weight of all experts of a layer as the one tensor that a state dictionary of transformers 5 has; nothing
     * for other weights.
     */
    static Optional<Part> stacked(Family family, ModelConfig model, ParameterSpec spec) {
        if (!(model instanceof ArchConfig config) || spec.shape().size() != 3) return Optional.empty();
        String part = spec.name().substring(0, spec.name().lastIndexOf('.'));
        FeedForwardSpec.Experts experts = (FeedForwardSpec.Experts) feedForward(config, part);
        String prefix = layer("model.layers.", part);
        return Optional.of(Part.stacked(new ExpertNames(family, experts, prefix, config.hiddenSize()).stacked(part)));
    }

    private static FeedForwardSpec.Part feedForward(ArchConfig config, String part) {
        return config.feedForward().at(Integer.parseInt(part.split("\\.", 3)[1]));
    }

    private static String theirs(Map<String, String> names, String layers, String part) {
        boolean block = part.startsWith("blocks.");
        String name = names.get(block ? inBlock(part) : part);
        if (name == null) throw new IllegalStateException("the family has no weight for " + part);
        return block ? layer(layers, part) + name : name;
    }

    private static String layer(String layers, String part) {
        return layers + part.split("\\.", 3)[1] + ".";
    }

    private static String inBlock(String part) {
        return part.split("\\.", 3)[2];
    }

    /** Lists how a tensor may be spelt in a file, the usual way first. */
    static List<String> spellings(Family family, String name) {
        return switch (family.kind()) {
            // GPT-2's first checkpoints were saved without the prefix.
            case DECODER -> List.of(name, name.replaceFirst("^transformer\\.", ""));
            case ENCODER -> EncoderWeightNames.spellings(family, name);
            case ENCODER_DECODER -> EncoderDecoderWeightNames.spellings(name);
        };
    }

    /** Tells whether a tensor of a checkpoint may be left over: a buffer that older versions saved, or a tied copy. */
    static boolean harmless(ModelConfig config, String name) {
        return switch (config) {
            case ArchConfig decoder -> buffer(name) || decoder.tiedHead() && name.equals("lm_head.weight");
            case EncoderConfig encoder -> EncoderWeightNames.harmless(name);
            case EncoderDecoderConfig both -> EncoderDecoderWeightNames.harmless(both, name);
        };
    }

    private static boolean buffer(String name) {
        return name.endsWith(".attn.bias")
                || name.endsWith(".attn.masked_bias")
                || name.endsWith("rotary_emb.inv_freq");
    }
}
