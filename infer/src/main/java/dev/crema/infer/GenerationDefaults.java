package dev.crema.infer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.crema.text.InputException;
import dev.crema.text.ModelTexts;
import java.nio.file.Path;

/**
 * Reads how a model's makers want it sampled: {@code generation_config.json}, which may be missing.
 *
 * <p>Without {@code do_sample} the choice is greedy. Where the file samples and is silent on a filter, nothing is
 * filtered; transformers would then keep the 50 likeliest tokens.
 */
final class GenerationDefaults {
    private static final String NAME = "generation_config.json";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final String file;
    private final JsonNode json;

    private GenerationDefaults(String file, JsonNode json) {
        this.file = file;
        this.json = json;
    }

    /**
     * Reads the sampling of a model.
     *
     * @throws InputException if the file is malformed or a value cannot be used
     */
    static Sampling read(Path model) {
        ModelTexts texts = ModelTexts.of(model);
        String file = texts.where(NAME);
        JsonNode json = texts.find(NAME).map(text -> parse(file, text)).orElse(MissingNode.getInstance());
        return new GenerationDefaults(file, json).sampling();
    }

    private static JsonNode parse(String file, String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new InputException(file + " is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    private Sampling sampling() {
        double penalty = number("repetition_penalty", 1);
        if (!json.path("do_sample").asBoolean(false)) return new Sampling(0, 0, 1, 0, penalty);
        try {
            return new Sampling(
                    number("temperature", 1),
                    (int) number("top_k", 0),
                    number("top_p", 1),
                    number("min_p", 0),
                    penalty);
        } catch (InputException e) {
            throw new InputException(file + ": " + e.getMessage(), e);
        }
    }

    private double number(String key, double otherwise) {
        JsonNode value = json.path(key);
        if (value.isMissingNode() || value.isNull()) return otherwise;
        if (!value.isNumber()) throw new InputException(file + ": " + key + " is " + value + ", not a number");
        return value.doubleValue();
    }
}
