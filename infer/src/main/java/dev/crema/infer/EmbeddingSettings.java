package dev.crema.infer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * How a model's makers want texts embedded.
 *
 * @param normalized whether vectors have the length 1
 * @param maxTokens of a text, with what the tokenizer puts around it; the rest is cut off
 */
public record EmbeddingSettings(Pooling pooling, boolean normalized, int maxTokens) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Map<String, Pooling> MODES = Map.of(
            "pooling_mode_cls_token", Pooling.CLS,
            "pooling_mode_mean_tokens", Pooling.MEAN,
            "pooling_mode_max_tokens", Pooling.MAX);

    public EmbeddingSettings {
        if (maxTokens < 1)
            throw new InputException("texts of " + maxTokens + " tokens cannot be embedded; give 1 or more");
    }

    /** Returns the same with another pooling. */
    public EmbeddingSettings with(Pooling other) {
        return new EmbeddingSettings(other, normalized, maxTokens);
    }

    /** Returns the same with vectors as they are, or of length 1. */
    public EmbeddingSettings normalized(boolean wanted) {
        return new EmbeddingSettings(pooling, wanted, maxTokens);
    }

    /**
     * Reads the files that sentence-transformers writes; without them, the mean of all tokens with length 1.
     *
     * @param context longest sequence of the model
     * @throws InputException if a file is malformed or asks for what is not known
     */
    static EmbeddingSettings read(Path folder, int context) {
        JsonNode modules = json(folder.resolve("modules.json"));
        int longest = json(folder.resolve("sentence_bert_config.json"))
                .path("max_seq_length")
                .asInt(context);
        if (modules.isMissingNode()) return new EmbeddingSettings(Pooling.MEAN, true, Math.min(longest, context));
        Pooling pooling = Pooling.MEAN;
        boolean normalized = false;
        for (JsonNode module : modules) {
            String type = module.path("type").asText();
            String kind = type.substring(type.lastIndexOf('.') + 1);
            switch (kind) {
                case "Transformer" -> {}
                case "Pooling" -> pooling = pooling(folder.resolve("1_Pooling").resolve("config.json"));
                case "Normalize" -> normalized = true;
                default ->
                    throw new InputException(folder + ": modules.json asks for the module " + type
                            + ", which is not known; known are Transformer, Pooling and Normalize");
            }
        }
        return new EmbeddingSettings(pooling, normalized, Math.min(longest, context));
    }

    private static Pooling pooling(Path file) {
        JsonNode json = json(file);
        if (json.path("pooling_mode").isTextual())
            return Pooling.of(json.path("pooling_mode").asText());
        Pooling found = Pooling.MEAN;
        int set = 0;
        for (var field : json.properties()) {
            if (!field.getKey().startsWith("pooling_mode_") || !field.getValue().asBoolean()) continue;
            Pooling mode = MODES.get(field.getKey());
            if (mode == null) {
                throw new InputException(file + " asks for " + field.getKey() + ", which is not known; known are "
                        + String.join(", ", MODES.keySet().stream().sorted().toList()));
            }
            found = mode;
            set++;
        }
        if (set > 1) throw new InputException(file + " asks for " + set + " poolings at once; one is supported");
        return found;
    }

    private static JsonNode json(Path file) {
        if (!Files.exists(file)) return MissingNode.getInstance();
        try {
            return JSON.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new InputException(file + " is not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
