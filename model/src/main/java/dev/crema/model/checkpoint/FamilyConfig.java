package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.ArchConfig.QueryKeyNorm;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.LatentSpec;
import dev.crema.model.ModelConfig;
import dev.crema.model.RotaryScaling;
import dev.crema.tensor.DType;
import dev.crema.text.InputException;
import java.nio.file.Path;

/** Translates between {@code config.json} of the families and {@link ArchConfig}. */
final class FamilyConfig {
    private FamilyConfig() {}

    /** A family and a model's architecture. */
    record Read(Family family, ModelConfig config) {}

    static Read read(Path file) {
        return read(ConfigJson.read(file));
    }

    static Read read(ConfigJson json) {
        Family family = Family.of(json.text("model_type", ""));
        ModelConfig config = switch (family) {
            case BERT, DISTILBERT, ROBERTA, XLM_ROBERTA -> EncoderConfigJson.read(json, family);
            case T5 -> EncoderDecoderConfigJson.read(json);
            case GPT2 -> gpt2(json);
            case LLAMA, QWEN2, QWEN3, MIXTRAL, QWEN2_MOE, QWEN3_MOE -> llama(json, family);
            case DEEPSEEK_V2, DEEPSEEK_V3 -> LatentConfig.read(json, family);
        };
        json.finish();
        return new Read(family, config);
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
                        json.integer("n_inner", 4 * hidden), activation(json, "activation_function", "gelu_new"), true),
                new NormSpec.LayerNorm(json.number("layer_norm_epsilon", 1e-5)),
                new PositionSpec.Learned(),
                json.flag("tie_word_embeddings", true));
    }

    private static ArchConfig llama(ConfigJson json, Family family) {
        int hidden = json.integer("hidden_size"), heads = json.integer("num_attention_heads");
        boolean bias = json.flag("attention_bias", false);
        boolean inputBias = bias || family == Family.QWEN2 || family == Family.QWEN2_MOE && json.flag("qkv_bias", true);
        if (!json.has("head_dim") && family != Family.QWEN3) ArchConfigChecks.divides(heads, hidden);
        json.require(!json.flag("use_sliding_window", false), "use_sliding_window");
        json.require(family != Family.MIXTRAL || !json.has("sliding_window"), "sliding_window");
        json.node("sliding_window");
        json.node("layer_types").forEach(type -> json.require(type.asText().equals("full_attention"), "layer_types"));
        int headSize = json.integer("head_dim", json.has("head_dim") || family == Family.QWEN3 ? 128 : hidden / heads);
        if (headSize % 2 != 0)
            throw new InputException("A head size of " + headSize + " cannot rotate: it has to be even");
        return new ArchConfig(
                json.integer("vocab_size"),
                hidden,
                json.integer("num_hidden_layers"),
                json.integer("max_position_embeddings", 2048),
                new AttentionSpec.GroupedQuery(
                        heads,
                        json.integer("num_key_value_heads", heads),
                        headSize,
                        inputBias,
                        family != Family.QWEN2 && bias,
                        family == Family.QWEN3 || family == Family.QWEN3_MOE ? QueryKeyNorm.HEAD : QueryKeyNorm.NONE),
                ExpertConfig.read(
                        json,
                        family,
                        new FeedForwardSpec.Gated(
                                json.integer("intermediate_size"),
                                activation(json, "hidden_act", "silu"),
                                json.flag("mlp_bias", false))),
                new NormSpec.RmsNorm(json.number("rms_norm_eps", family == Family.MIXTRAL ? 1e-5 : 1e-6)),
                rotary(json, family == Family.MIXTRAL ? 1_000_000 : 10_000),
                json.flag("tie_word_embeddings", false));
    }

    static PositionSpec.Rotary rotary(ConfigJson json, double usualTheta) {
        // transformers 5 writes one object; before, the base stood beside the scaling.
        JsonNode joint = json.node("rope_parameters");
        json.node("rope_interleaved");
        double theta = json.number("rope_theta", joint.path("rope_theta").asDouble(usualTheta));
        JsonNode scaling = joint.isObject() ? joint : json.node("rope_scaling");
        json.node("rope_scaling");
        String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
        return new PositionSpec.Rotary(
                theta,
                switch (type) {
                    case "default" -> new RotaryScaling.None();
                    case "linear" ->
                        new RotaryScaling.Linear(scaling.path("factor").asDouble());
                    case "llama3" ->
                        new RotaryScaling.Llama3(
                                scaling.path("factor").asDouble(),
                                scaling.path("low_freq_factor").asDouble(),
                                scaling.path("high_freq_factor").asDouble(),
                                scaling.path("original_max_position_embeddings").asInt());
                    default ->
                        throw new InputException("The rotary scaling \"" + type
                                + "\" is not known; known are default, linear and llama3");
                });
    }

    static Activation activation(ConfigJson json, String key, String otherwise) {
        String name = json.text(key, otherwise);
        return switch (name) {
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
            case "silu", "swish" -> Activation.SILU;
            case "relu" -> Activation.RELU;
            default ->
                throw new InputException("The activation \"" + name
                        + "\" is not known; known are gelu, gelu_new, gelu_pytorch_tanh, silu and relu");
        };
    }

    /** Returns the {@code config.json} of a model. */
    static ObjectNode write(Family family, ModelConfig config, DType dtype) {
        ObjectNode json = JsonMapper.builder().build().createObjectNode();
        json.put("model_type", family.modelType());
        json.put("torch_dtype", dtype == DType.FP32 ? "float32" : dtype == DType.BF16 ? "bfloat16" : "float16");
        json.put("vocab_size", config.vocabularySize());
        switch (config) {
            case ArchConfig decoder -> write(json, family, decoder);
            case EncoderConfig encoder -> EncoderConfigJson.write(json, family, encoder);
            case EncoderDecoderConfig both -> EncoderDecoderConfigJson.write(json, both);
        }
        return json;
    }

    private static void write(ObjectNode json, Family family, ArchConfig config) {
        json.putArray("architectures").add(family.architecture());
        json.put("tie_word_embeddings", config.tiedHead());
        if (config.attention() instanceof LatentSpec latent) {
            LatentConfig.write(json, family, config, latent);
            return;
        }
        AttentionSpec.GroupedQuery attention = (AttentionSpec.GroupedQuery) config.attention();
        FeedForwardSpec.Part feedForward = config.feedForward().at(0);
        switch (family) {
            case GPT2 -> {
                json.put("n_embd", config.hiddenSize());
                json.put("n_layer", config.layers());
                json.put("n_head", attention.heads());
                json.put("n_positions", config.maxPositions());
                json.put("n_inner", feedForward.width());
                json.put("layer_norm_epsilon", config.norm().epsilon());
                json.put("activation_function", activationName(feedForward));
            }
            case LLAMA, QWEN2, QWEN3, MIXTRAL, QWEN2_MOE, QWEN3_MOE -> {
                json.put("hidden_size", config.hiddenSize());
                json.put("num_hidden_layers", config.layers());
                json.put("num_attention_heads", attention.heads());
                json.put("num_key_value_heads", attention.keyValueHeads());
                json.put("head_dim", attention.headSize());
                json.put("max_position_embeddings", config.maxPositions());
                json.put("intermediate_size", feedForward.width());
                json.put("rms_norm_eps", config.norm().epsilon());
                json.put("hidden_act", activationName(feedForward));
                switch (family) {
                    case LLAMA ->
                        json.put("attention_bias", attention.inputBias()).put("mlp_bias", feedForward.bias());
                    case QWEN3, QWEN3_MOE -> json.put("attention_bias", attention.inputBias());
                    case QWEN2_MOE -> json.put("qkv_bias", attention.inputBias());
                    default -> {}
                }
                ExpertConfig.write(json, family, config);
                writeRotary(json, (PositionSpec.Rotary) config.position());
            }
            default -> throw new IllegalArgumentException(family + " is no family of decoders");
        }
    }

    static void writeRotary(ObjectNode json, PositionSpec.Rotary rotary) {
        json.put("rope_theta", rotary.theta());
        switch (rotary.scaling()) {
            case RotaryScaling.None none -> json.putNull("rope_scaling");
            case RotaryScaling.Linear linear ->
                json.putObject("rope_scaling").put("rope_type", "linear").put("factor", linear.factor());
            case RotaryScaling.Llama3 llama ->
                json.putObject("rope_scaling")
                        .put("rope_type", "llama3")
                        .put("factor", llama.factor())
                        .put("low_freq_factor", llama.lowFrequencyFactor())
                        .put("high_freq_factor", llama.highFrequencyFactor())
                        .put("original_max_position_embeddings", llama.originalPositions());
            case RotaryScaling.Dynamic dynamic -> throw unwritten(dynamic);
            case RotaryScaling.Yarn yarn -> throw unwritten(yarn);
            case RotaryScaling.LongRope rope -> throw unwritten(rope);
        }
    }

    private static InputException unwritten(RotaryScaling scaling) {
        return new InputException("The rotary scaling " + scaling + " cannot be written");
    }

    private static String activationName(FeedForwardSpec.Part feedForward) {
        return switch (feedForward) {
            case FeedForwardSpec.Plain plain -> name(plain.activation());
            case FeedForwardSpec.Gated gated -> name(gated.activation());
            case FeedForwardSpec.Experts experts -> name(Activation.SILU);
        };
    }

    static String name(Activation activation) {
        return switch (activation) {
            case GELU -> "gelu";
            case GELU_TANH -> "gelu_new";
            case SILU -> "silu";
            case RELU -> "relu";
        };
    }
}
