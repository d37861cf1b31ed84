package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.text.InputException;

/**
 * Crema's own dialect of {@code config.json}, for decoders with another norm than their family has.
 *
 * <p>No family of Hugging Face's has such models, and a program that took one for its family's would compute something
 * else. So the file has the model type {@code crema}, which nobody else knows and must refuse; {@code base_model_type}
 * says whose keys and names of weights follow, and {@code norm} what takes the place of the family's. The weights of a
 * norm have PyTorch's names: {@code weight}, {@code bias}, {@code running_mean}, {@code running_var}.
 */
final class NormDialect {
    static final String MODEL_TYPE = "crema";

    private NormDialect() {}

    /** Tells whether a family's own files have no way to say a model's norm. */
    static boolean needed(Family family, ArchConfig config) {
        boolean own = switch (family) {
            case GPT2 -> config.norm() instanceof NormSpec.LayerNorm;
            case GEMMA2, GEMMA3 -> config.norm() instanceof NormSpec.UnitOffsetRmsNorm;
            default -> config.norm() instanceof NormSpec.RmsNorm;
        };
        return !own;
    }

    /** Reads the norm and puts it into the family's architecture. */
    static ArchConfig read(ConfigJson json, ArchConfig family) {
        ConfigJson norm = json.object("norm");
        String type = norm.text("type", "");
        double epsilon = norm.number("epsilon");
        NormSpec spec = switch (type) {
            case "layernorm" -> new NormSpec.LayerNorm(epsilon);
            case "rmsnorm" -> new NormSpec.RmsNorm(epsilon);
            case "batchnorm" -> new NormSpec.BatchNorm(epsilon, norm.number("momentum"));
            default ->
                throw new InputException(
                        "The norm \"" + type + "\" is not known; known are layernorm, rmsnorm and batchnorm");
        };
        norm.finish();
        return family.with(spec);
    }

    /** Turns the family's file into one of this dialect. */
    static void write(ObjectNode json, Family family, NormSpec norm) {
        json.putArray("architectures").add("CremaForCausalLM");
        json.put("model_type", MODEL_TYPE).put("base_model_type", family.modelType());
        ObjectNode node = json.putObject("norm");
        switch (norm) {
            case NormSpec.LayerNorm layer -> node.put("type", "layernorm");
            case NormSpec.RmsNorm rms -> node.put("type", "rmsnorm");
            case NormSpec.BatchNorm batch -> node.put("type", "batchnorm").put("momentum", batch.momentum());
            case NormSpec.UnitOffsetRmsNorm rms ->
                throw new InputException("A " + family.modelType() + " cannot be saved with Gemma's norm");
        }
        node.put("epsilon", norm.epsilon());
    }
}
