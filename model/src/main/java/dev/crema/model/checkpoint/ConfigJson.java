package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads a {@code config.json} key by key and remembers which were asked for: a key that nobody asked for may change what
 * the model computes, so it is refused, not ignored.
 */
final class ConfigJson {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** Keys that say nothing of what the forward pass computes. */
    private static final Set<String> HARMLESS = Set.of(
            "_name_or_path",
            "_model_name_or_path",
            "_attn_implementation_autoset",
            "_commit_hash",
            "_attn_implementation",
            "_sliding_window_pattern",
            "cache_implementation",
            "architectures",
            "model_type",
            "torch_dtype",
            "dtype",
            "transformers_version",
            "use_cache",
            "initializer_range",
            "bos_token_id",
            "eos_token_id",
            "pad_token_id",
            "unk_token_id",
            "attention_dropout",
            "attn_pdrop",
            "embd_pdrop",
            "resid_pdrop",
            "summary_activation",
            "summary_first_dropout",
            "summary_proj_to_labels",
            "summary_type",
            "summary_use_proj",
            "task_specific_params",
            "n_ctx",
            "max_window_layers",
            "output_router_logits",
            "router_aux_loss_coef",
            "router_jitter_noise",
            "pretraining_tp",
            "gradient_checkpointing",
            "return_dict",
            "output_hidden_states",
            "output_attentions",
            "is_decoder",
            "reorder_and_upcast_attn",
            "is_llama_config",
            "transformers.js_config",
            "auto_map",
            "id2label",
            "label2id",
            "initializer_factor",
            "problem_type",
            "finetuning_task",
            "num_labels",
            "n_positions",
            "output_past",
            "tie_weights_");

    private final Path file;
    private final JsonNode root;
    private final Set<String> asked = new TreeSet<>();

    /** Reads what stands for a {@code config.json} in another file. */
    ConfigJson(Path file, JsonNode root) {
        this.file = file;
        this.root = root;
    }

    static ConfigJson read(Path file) {
        try {
            JsonNode root = JSON.readTree(Files.readAllBytes(file));
            if (root == null || !root.isObject()) throw new InputException(file + " does not hold a JSON object");
            return new ConfigJson(file, root);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new InputException(file + " is malformed: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: is it a model folder in Hugging Face's form?", e);
        }
    }

    boolean has(String key) {
        return root.hasNonNull(key);
    }

    JsonNode node(String key) {
        asked.add(key);
        return root.path(key);
    }

    int integer(String key) {
        JsonNode node = node(key);
        if (!node.isIntegralNumber() || !node.canConvertToInt()) throw wrong(key, "a whole number");
        return node.asInt();
    }

    int integer(String key, int otherwise) {
        return absent(key) ? otherwise : integer(key);
    }

    /** Returns a part of the file, which is to be finished by itself; empty if it is missing. */
    ConfigJson object(String key) {
        if (absent(key)) return new ConfigJson(file, JSON.createObjectNode());
        if (!node(key).isObject()) throw wrong(key, "an object");
        return new ConfigJson(file, node(key));
    }

    List<Double> numbers(String key) {
        List<Double> numbers = new ArrayList<>();
        for (JsonNode number : node(key)) {
            if (!number.isNumber()) throw wrong(key, "a list of numbers");
            numbers.add(number.asDouble());
        }
        if (numbers.isEmpty()) throw wrong(key, "a list of numbers");
        return numbers;
    }

    double number(String key) {
        if (!node(key).isNumber()) throw wrong(key, "a number");
        return node(key).asDouble();
    }

    double number(String key, double otherwise) {
        return absent(key) ? otherwise : number(key);
    }

    boolean flag(String key, boolean otherwise) {
        if (absent(key)) return otherwise;
        if (!node(key).isBoolean()) throw wrong(key, "true or false");
        return node(key).asBoolean();
    }

    String text(String key, String otherwise) {
        if (absent(key)) return otherwise;
        if (!node(key).isTextual()) throw wrong(key, "a text");
        return node(key).asText();
    }

    private boolean absent(String key) {
        asked.add(key);
        return !root.hasNonNull(key);
    }

    /** Refuses a setting that would change the result in a way that is not built. */
    void require(boolean condition, String key) {
        if (!condition) {
            throw new InputException(file + ": \"" + key + "\": " + root.path(key) + " is not supported");
        }
    }

    /** Refuses keys that nobody asked for. */
    void finish() {
        for (var field : root.properties()) {
            String key = field.getKey();
            if (!asked.contains(key)
                    && !HARMLESS.contains(key)
                    && !key.contains("dropout") // of training, under a dozen names
                    && !field.getValue().isNull()) {
                throw new InputException(file + ": the key \"" + key + "\" is not known for the model type "
                        + root.path("model_type") + "; it might change what the model computes");
            }
        }
    }

    private InputException wrong(String key, String expected) {
        return new InputException(file + ": \"" + key + "\" is " + (root.has(key) ? root.path(key) : "missing")
                + "; it has to be " + expected);
    }
}
