package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.ModelConfig;
import dev.crema.tensor.DType;
import dev.crema.text.InputException;
import java.nio.file.Path;

/** Translates between {@code config.json} of the families and the configurations of our models. */
final class FamilyConfig {
    private FamilyConfig() {}

    /** A family, a model's architecture, and how its weights are stored. */
    record Read(Family family, ModelConfig config, StoredWeights weights) {}

    static Read read(Path file) {
        return read(ConfigJson.read(file));
    }

    static Read read(ConfigJson json) {
        boolean dialect = json.text("model_type", "").equals(NormDialect.MODEL_TYPE);
        Family family = Family.of(json.text(dialect ? "base_model_type" : "model_type", ""));
        ModelConfig config = switch (family) {
            case BERT, DISTILBERT, ROBERTA, XLM_ROBERTA -> EncoderConfigJson.read(json, family);
            case T5 -> EncoderDecoderConfigJson.read(json);
            case DEEPSEEK_V2, DEEPSEEK_V3 -> LatentConfig.read(json, family);
            default -> DecoderConfigJson.read(json, family);
        };
        if (dialect && config instanceof ArchConfig decoder) config = NormDialect.read(json, decoder);
        StoredWeights weights = StoredWeights.read(json);
        json.finish();
        return new Read(family, config, weights);
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
            case ArchConfig decoder -> {
                DecoderConfigWriter.write(json, family, decoder);
                if (NormDialect.needed(family, decoder)) NormDialect.write(json, family, decoder.norm());
            }
            case EncoderConfig encoder -> EncoderConfigJson.write(json, family, encoder);
            case EncoderDecoderConfig both -> EncoderDecoderConfigJson.write(json, both);
        }
        return json;
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
