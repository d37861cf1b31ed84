package dev.crema.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** Gives what a folder without {@code tokenizer.json} would have in it: made of BERT's or SentencePiece's own files. */
final class OlderForms {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOKENIZER = "tokenizer.json", CONFIG = "tokenizer_config.json";
    /** More than ten times the largest one published. */
    private static final long MAX_BYTES = 64L << 20;

    private final ModelTexts.Folder folder;

    OlderForms(ModelTexts.Folder folder) {
        this.folder = folder;
    }

    /** Find a text, that of the very file first. */
    Optional<String> find(String name) {
        Optional<String> written = folder.text(name);
        return switch (name) {
            case TOKENIZER -> written.or(this::sentencePieces).or(this::wordPieces);
            case CONFIG -> folder.text(TOKENIZER).isEmpty() ? config(written) : written;
            default -> written;
        };
    }

    private Optional<String> wordPieces() {
        return folder.text(WordPieceVocabulary.NAME)
                .map(lines -> WordPieceVocabulary.of(folder.where(WordPieceVocabulary.NAME), lines)
                        .tokenizer(folder.text(CONFIG).orElse("{}")));
    }

    private Optional<String> sentencePieces() {
        for (String name : SentencePieceVocabulary.NAMES) {
            Optional<byte[]> file = folder.bytes(name, MAX_BYTES);
            if (file.isPresent()) {
                return Optional.of(
                        SentencePieceVocabulary.of(folder.where(name), file.get(), json(CONFIG), json("config.json"))
                                .tokenizer()
                                .toString());
            }
        }
        return Optional.empty();
    }

    /** Adds the special tokens that a class has without saying so. */
    private Optional<String> config(Optional<String> written) {
        boolean sentencePieces = SentencePieceVocabulary.NAMES.stream().anyMatch(name -> folder.has(name));
        if (!sentencePieces) return written;
        JsonNode map = json("special_tokens_map.json");
        ObjectNode config = json(CONFIG) instanceof ObjectNode found ? found : JSON.createObjectNode();
        SentencePieceVocabulary.specials(config, json("config.json")).forEach((role, token) -> {
            if (!config.has(role.key()) && !map.has(role.key())) config.put(role.key(), token);
        });
        return Optional.of(config.toString());
    }

    private JsonNode json(String name) {
        Optional<String> text = folder.text(name);
        if (text.isEmpty()) return MissingNode.getInstance();
        try {
            return JSON.readTree(text.get());
        } catch (JsonProcessingException e) {
            throw new InputException(
                    folder.where(name) + " is not valid JSON: " + e.getOriginalMessage() + " at line "
                            + e.getLocation().getLineNr(),
                    e);
        }
    }
}
