package dev.crema.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** Finds the chat template, and the special tokens it reads, in a model's folder. */
final class ChatTemplateFiles {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "chat_template.jinja";
    private static final List<String> TOKENS =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private final Path folder;
    private final ModelTexts texts;
    private final JsonNode config;

    ChatTemplateFiles(Path folder) {
        this.folder = folder;
        this.texts = ModelTexts.of(folder);
        this.config = json("tokenizer_config.json");
    }

    /** Tells whether there is any template, whatever its name. */
    boolean hasTemplate() {
        return texts.find(FILE).isPresent() || config.hasNonNull("chat_template");
    }

    String template() {
        Optional<String> file = texts.find(FILE);
        if (file.isPresent()) {
            return file.get();
        }
        JsonNode template = config.path("chat_template");
        if (template.isTextual()) {
            return template.textValue();
        }
        List<String> names = names(template);
        for (JsonNode choice : template) {
            if (choice.path("name").asText().equals("default")
                    && choice.path("template").isTextual()) {
                return choice.path("template").textValue();
            }
        }
        throw new InputException(
                names.isEmpty()
                        ? folder + " has no chat template: it needs chat_template.jinja, or \"chat_template\" in"
                                + " tokenizer_config.json. A base model has none; fine-tune it with one first"
                        : folder + " has chat templates " + names
                                + " but none named \"default\": save the one to use as " + FILE);
    }

    private static List<String> names(JsonNode choices) {
        return StreamSupport.stream(choices.spliterator(), false)
                .map(choice -> choice.path("name").asText())
                .toList();
    }

    Map<String, Object> specialTokens() {
        JsonNode older = json("special_tokens_map.json");
        Map<String, Object> tokens = new HashMap<>();
        for (String name : TOKENS) {
            JsonNode token = config.hasNonNull(name) ? config.path(name) : older.path(name);
            JsonNode text = token.isObject() ? token.path("content") : token;
            if (text.isTextual()) {
                tokens.put(name, text.textValue());
            }
        }
        return tokens;
    }

    private JsonNode json(String name) {
        Optional<String> text = texts.find(name);
        if (text.isEmpty()) {
            return MissingNode.getInstance();
        }
        try {
            return JSON.readTree(text.get());
        } catch (JsonProcessingException malformed) {
            throw new InputException(
                    texts.where(name) + " is not valid JSON: " + malformed.getOriginalMessage(), malformed);
        }
    }
}
