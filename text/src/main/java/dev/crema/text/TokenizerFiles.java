package dev.crema.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.SpecialTokens.Role;
import dev.crema.text.SpecialTokens.SpecialToken;
import dev.crema.text.sentencepiece.CharsMap;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Reads what a Hugging Face folder, or a GGUF file in its place, says about its tokenizer and settles it into one
 * {@code tokenizer.json}.
 *
 * <p>The folder says some things twice. As transformers does, tokens that only {@code tokenizer_config.json} names are
 * added to those of {@code tokenizer.json}, while the post-processor of the latter alone decides what surrounds a text.
 */
final class TokenizerFiles {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOKENIZER = "tokenizer.json";

    private final ModelTexts texts;
    private final ObjectNode tokenizer;
    private final String json;
    private final JsonNode config;
    private final JsonNode specialsMap;

    private TokenizerFiles(ModelTexts texts, String name, String text) {
        this.texts = texts;
        if (!(parse(name, text) instanceof ObjectNode root)) {
            throw new InputException(texts.where(name) + " is not a tokenizer: its JSON must be an object");
        }
        tokenizer = root;
        checkRules(texts.where(name), root.path("normalizer"));
        config = optional("tokenizer_config.json");
        specialsMap = optional("special_tokens_map.json");
        json = addMissingTokens() ? tokenizer.toString() : text;
    }

    /**
     * Read a model folder, with a tokenizer in an older form too, a {@code tokenizer.json} or a GGUF file.
     *
     * @throws InputException when there is no {@code tokenizer.json} or a file is malformed
     */
    static TokenizerFiles read(Path path) {
        ModelTexts texts = ModelTexts.of(path);
        String name = TOKENIZER;
        if (texts instanceof ModelTexts.Folder && Files.isRegularFile(path)) {
            Path file = path.toAbsolutePath();
            texts = new ModelTexts.Folder(Objects.requireNonNull(file.getParent()));
            name = file.getFileName().toString();
        }
        String text = texts.find(name).orElseThrow(() -> missing(path));
        return new TokenizerFiles(texts, name, text);
    }

    /** The native tokenizer takes SentencePiece's rules of characters without a look, and what is wrong ends the process. */
    private static void checkRules(String where, JsonNode normalizer) {
        normalizer.path("normalizers").forEach(step -> checkRules(where, step));
        if (!normalizer.path("type").asText().equals("Precompiled")) return;
        byte[] rules;
        try {
            rules = Base64.getDecoder()
                    .decode(normalizer.path("precompiled_charsmap").asText());
        } catch (IllegalArgumentException e) {
            throw new InputException(where + " is malformed: its precompiled_charsmap is no base64", e);
        }
        CharsMap.check(where, rules);
    }

    private static InputException missing(Path path) {
        String remedy = Files.exists(path.resolve("vocab.json"))
                ? "the folder holds an older form; save it again with transformers' AutoTokenizer"
                : "give a Hugging Face model folder, its tokenizer.json or a GGUF file";
        return new InputException("There is no tokenizer at " + path.resolve(TOKENIZER) + ": " + remedy);
    }

    /** Build what encodes and decodes. */
    TokenizerEngine engine() {
        return texts instanceof ModelTexts.Metadata metadata
                        && metadata.pieces().isPresent()
                ? new SentencePieces(metadata.pieces().get(), tokenizer)
                : new NativeTokenizer(json);
    }

    /** The settled {@code tokenizer.json}: the file's own text where nothing had to change. */
    String json() {
        return json;
    }

    JsonNode tokenizer() {
        return tokenizer;
    }

    Vocabulary vocabulary() {
        return Vocabulary.of(tokenizer);
    }

    SpecialTokens specials(Vocabulary vocabulary) {
        Map<Role, SpecialToken> roles = new EnumMap<>(Role.class);
        for (Role role : Role.values()) {
            String token = special(role);
            if (!token.isEmpty() && vocabulary.has(token)) {
                roles.put(role, new SpecialToken(token, vocabulary.id(token)));
            }
        }
        SortedSet<Integer> stops = new TreeSet<>();
        if (roles.get(Role.EOS) instanceof SpecialToken eos) {
            stops.add(eos.id());
        }
        JsonNode written = optional("generation_config.json").path("eos_token_id");
        if (written.isMissingNode()) {
            written = optional("config.json").path("eos_token_id");
        }
        if (written.isInt()) {
            stops.add(written.intValue());
        }
        for (JsonNode id : written) {
            stops.add(id.intValue());
        }
        return new SpecialTokens(roles, stops);
    }

    private String special(Role role) {
        JsonNode written = config.path(role.key());
        if (written.isMissingNode()) {
            written = specialsMap.path(role.key());
        }
        return written.isObject() ? written.path("content").asText() : written.asText("");
    }

    private boolean addMissingTokens() {
        Set<String> known = new HashSet<>();
        if (!tokenizer.hasNonNull("added_tokens")) {
            tokenizer.putArray("added_tokens");
        }
        if (!(tokenizer.get("added_tokens") instanceof ArrayNode added)) {
            throw new InputException("tokenizer.json is malformed: added_tokens must be a list");
        }
        added.forEach(token -> known.add(token.path("content").asText()));
        int before = added.size();
        config.path("added_tokens_decoder").properties().stream()
                .sorted(Map.Entry.comparingByKey((a, b) -> Long.compare(number(a), number(b))))
                .filter(entry -> known.add(entry.getValue().path("content").asText()))
                .map(entry -> addedToken(number(entry.getKey()), entry.getValue()))
                .forEach(added::add);
        for (Role role : Role.values()) {
            String token = special(role);
            if (!token.isEmpty() && known.add(token)) {
                ObjectNode flags = JSON.createObjectNode().put("content", token).put("special", true);
                added.add(addedToken(tokenizer.path("model").path("vocab").size() + added.size(), flags));
            }
        }
        return added.size() > before;
    }

    private static ObjectNode addedToken(long id, JsonNode written) {
        boolean special = written.path("special").asBoolean();
        ObjectNode token = JSON.createObjectNode()
                .put("id", id)
                .put("content", written.path("content").asText());
        for (String flag : new String[] {"single_word", "lstrip", "rstrip"}) {
            token.put(flag, written.path(flag).asBoolean());
        }
        return token.put("normalized", written.path("normalized").asBoolean(!special))
                .put("special", special);
    }

    private JsonNode optional(String name) {
        return texts.find(name).map(text -> parse(name, text)).orElse(MissingNode.getInstance());
    }

    private JsonNode parse(String name, String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new InputException(
                    texts.where(name) + " is not valid JSON: " + e.getOriginalMessage() + " at line "
                            + e.getLocation().getLineNr(),
                    e);
        }
    }

    private static long number(String id) {
        try {
            return Long.parseLong(id);
        } catch (NumberFormatException e) {
            throw new InputException("tokenizer_config.json has an added token of id '" + id + "': not a number", e);
        }
    }
}
