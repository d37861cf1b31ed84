package dev.crema.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * BERT's first form of a tokenizer: {@code vocab.txt}, a piece on each line, of which the line's number is the id.
 *
 * <p>All else is BERT's: text is cleaned and, unless {@code do_lower_case} is false, made lower case without accents; words
 * end at spaces and punctuation, and a word is the longest pieces that spell it, those inside a word with {@code ##} before
 * them (Wu et al., 2016; Devlin et al., 2019).
 */
final class WordPieceVocabulary {
    static final String NAME = "vocab.txt";
    private static final List<String> SPECIALS = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, Integer> ids;

    private WordPieceVocabulary(Map<String, Integer> ids) {
        this.ids = ids;
    }

    /**
     * Read the lines of a {@code vocab.txt}.
     *
     * @param file its name for messages
     * @throws InputException when a line comes twice, or one of BERT's special tokens is missing
     */
    static WordPieceVocabulary of(String file, String text) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (String line : text.lines().toList()) {
            if (ids.putIfAbsent(line.strip(), ids.size()) != null) {
                throw new InputException(
                        file + ": the piece \"" + line.strip() + "\" comes twice, again in line " + (ids.size() + 1));
            }
        }
        for (String special : List.of("[UNK]", "[CLS]", "[SEP]")) {
            if (!ids.containsKey(special)) {
                throw new InputException(file + " is not a vocabulary of BERT: it lacks " + special);
            }
        }
        return new WordPieceVocabulary(ids);
    }

    /** Write the {@code tokenizer.json} that means the same, with the settings of {@code tokenizer_config.json}. */
    String tokenizer(String settings) {
        JsonNode config = parse(settings);
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        ArrayNode added = root.putArray("added_tokens");
        for (String special : SPECIALS) if (ids.containsKey(special)) added.add(special(special));
        boolean lower = config.path("do_lower_case").asBoolean(true);
        ObjectNode normalizer = root.putObject("normalizer").put("type", "BertNormalizer");
        normalizer.put("clean_text", true);
        normalizer.put(
                "handle_chinese_chars", config.path("tokenize_chinese_chars").asBoolean(true));
        if (config.path("strip_accents").isBoolean()) {
            normalizer.put("strip_accents", config.path("strip_accents").booleanValue());
        } else {
            normalizer.putNull("strip_accents");
        }
        normalizer.put("lowercase", lower);
        root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
        ObjectNode post = root.putObject("post_processor").put("type", "BertProcessing");
        post.putArray("sep").add("[SEP]").add(ids.get("[SEP]"));
        post.putArray("cls").add("[CLS]").add(ids.get("[CLS]"));
        root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
        ObjectNode model = root.putObject("model").put("type", "WordPiece");
        model.put("unk_token", "[UNK]").put("continuing_subword_prefix", "##").put("max_input_chars_per_word", 100);
        ObjectNode vocabulary = model.putObject("vocab");
        ids.forEach(vocabulary::put);
        return root.toString();
    }

    private static JsonNode parse(String settings) {
        try {
            return JSON.readTree(settings);
        } catch (JsonProcessingException e) {
            throw new InputException("tokenizer_config.json is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    private ObjectNode special(String token) {
        ObjectNode written = JSON.createObjectNode().put("id", ids.get(token)).put("content", token);
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) written.put(flag, false);
        return written.put("special", true);
    }
}
