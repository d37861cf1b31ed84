package dev.crema.text.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufVocabulary.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Says with the keys of GGUF what a {@code tokenizer.json} says: the way back from {@link GgufTexts}.
 *
 * <p>Read are byte-level BPE, if its way to cut words is one that GGUF has a name for, and SentencePiece's BPE, whose
 * scores come back from the order of its merges.
 */
public final class TokenizerMetadata {
    private final String file;
    private final JsonNode tokenizer;
    private final JsonNode model;
    private final List<String> tokens;
    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();

    private TokenizerMetadata(String file, JsonNode tokenizer, List<String> tokens) {
        this.file = file;
        this.tokenizer = tokenizer;
        this.model = tokenizer.path("model");
        this.tokens = tokens;
    }

    /**
     * Translate a tokenizer.
     *
     * @param file what to begin an error with
     * @param tokenizer a {@code tokenizer.json}
     * @param tokens the token of each id; an empty one where there is none
     * @param roles ids under GGUF's names of what they are for, such as {@code eos}
     * @throws InputException if GGUF has no words for the tokenizer
     */
    public static Map<String, GgufValue> of(
            String file, JsonNode tokenizer, List<String> tokens, Map<String, Integer> roles) {
        return new TokenizerMetadata(file, tokenizer, tokens).all(roles);
    }

    private Map<String, GgufValue> all(Map<String, Integer> roles) {
        if (!model.path("type").asText("BPE").equals("BPE")) {
            throw new InputException(
                    file + ": a tokenizer of the type " + model.path("type") + " cannot be written to GGUF; BPE can");
        }
        boolean sentencePiece = model.path("byte_fallback").asBoolean();
        List<Type> types = types(sentencePiece);
        metadata.put("tokenizer.ggml.model", new GgufValue.Text(sentencePiece ? "llama" : "gpt2"));
        metadata.put(
                "tokenizer.ggml.pre",
                new GgufValue.Text(sentencePiece ? "default" : preTokenizer().ggufName()));
        metadata.put(GgufVocabulary.TOKENS, GgufValue.Array.ofTexts(named()));
        metadata.put(
                GgufVocabulary.TYPES,
                GgufValue.Array.ofInts(types.stream().mapToInt(Type::ordinal).toArray()));
        if (sentencePiece) {
            metadata.put(GgufVocabulary.SCORES, GgufValue.Array.ofFloats(scores()));
            metadata.put("tokenizer.ggml.add_space_prefix", new GgufValue.Flag(prefixesSpace()));
        } else {
            List<String> merges = new ArrayList<>();
            model.path("merges").forEach(merge -> merges.add(String.join(" ", parts(merge))));
            metadata.put("tokenizer.ggml.merges", GgufValue.Array.ofTexts(merges));
        }
        roles.forEach((role, id) -> metadata.put("tokenizer.ggml." + role + "_token_id", new GgufValue.Whole(id)));
        surroundings(roles);
        return metadata;
    }

    private PreTokenizer preTokenizer() {
        return PreTokenizer.of(tokenizer)
                .orElseThrow(
                        () -> new InputException(file + " cuts text into words in a way that GGUF has no name for: "
                                + tokenizer.path("pre_tokenizer")));
    }

    /** Gaps get names that no text has; llama.cpp wants as many tokens as the embedding has rows. */
    private List<String> named() {
        List<String> named = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            named.add(tokens.get(id).isEmpty() ? "[PAD" + id + "]" : tokens.get(id));
        }
        return named;
    }

    private List<Type> types(boolean sentencePiece) {
        Map<String, Type> added = new HashMap<>();
        for (JsonNode token : tokenizer.path("added_tokens")) {
            boolean special = token.path("special").asBoolean();
            added.put(token.path("content").asText(), special ? Type.CONTROL : Type.USER_DEFINED);
        }
        String unknown = model.path("unk_token").asText("");
        List<Type> types = new ArrayList<>();
        for (String token : tokens) {
            if (token.isEmpty()) {
                types.add(Type.UNUSED);
            } else if (sentencePiece && token.equals(unknown)) {
                types.add(Type.UNKNOWN);
            } else if (sentencePiece && token.matches("<0x[0-9A-F]{2}>")) {
                types.add(Type.BYTE);
            } else {
                types.add(added.getOrDefault(token, Type.NORMAL));
            }
        }
        return types;
    }

    /** The earlier a merge, the higher the score of what it makes; what no merge makes comes last. */
    private float[] scores() {
        Map<String, Integer> ranks = new HashMap<>();
        int rank = 0;
        for (JsonNode merge : model.path("merges")) {
            ranks.putIfAbsent(String.join("", parts(merge)), rank++);
        }
        float[] scores = new float[tokens.size()];
        for (int id = 0; id < scores.length; id++) {
            scores[id] = -ranks.getOrDefault(tokens.get(id), rank);
        }
        return scores;
    }

    private List<String> parts(JsonNode merge) {
        if (merge.isTextual()) {
            String text = merge.textValue();
            int space = text.indexOf(' ', 1);
            return space > 0 ? List.of(text.substring(0, space), text.substring(space + 1)) : List.of(text);
        }
        return List.of(merge.path(0).asText(), merge.path(1).asText());
    }

    private boolean prefixesSpace() {
        for (JsonNode step : steps(tokenizer.path("normalizer"), "normalizers")) {
            if (step.path("type").asText().equals("Prepend")) {
                return true;
            }
        }
        for (JsonNode step : steps(tokenizer.path("pre_tokenizer"), "pretokenizers")) {
            if (step.path("type").asText().equals("Metaspace")) {
                String scheme = step.path("prepend_scheme").asText("");
                return scheme.isEmpty()
                        ? step.path("add_prefix_space").asBoolean(true)
                        : Arrays.asList("always", "first").contains(scheme);
            }
        }
        return false;
    }

    private void surroundings(Map<String, Integer> roles) {
        List<String> before = new ArrayList<>(), behind = new ArrayList<>();
        for (JsonNode step : steps(tokenizer.path("post_processor"), "processors")) {
            boolean passed = false;
            for (JsonNode part : step.path("single")) {
                passed |= part.has("Sequence");
                if (part.has("SpecialToken")) {
                    (passed ? behind : before)
                            .add(part.path("SpecialToken").path("id").asText());
                }
            }
        }
        metadata.put("tokenizer.ggml.add_bos_token", new GgufValue.Flag(matches(before, "bos", roles)));
        metadata.put("tokenizer.ggml.add_eos_token", new GgufValue.Flag(matches(behind, "eos", roles)));
    }

    private boolean matches(List<String> found, String role, Map<String, Integer> roles) {
        if (found.isEmpty()) {
            return false;
        }
        Integer id = roles.get(role);
        if (id != null && found.equals(List.of(tokens.get(id)))) {
            return true;
        }
        throw new InputException(
                file + " puts " + found + " around a text; GGUF knows the " + role + " token there alone");
    }

    private static List<JsonNode> steps(JsonNode node, String list) {
        if (!node.has(list)) {
            return List.of(node);
        }
        List<JsonNode> steps = new ArrayList<>();
        node.path(list).forEach(steps::add);
        return steps;
    }
}
