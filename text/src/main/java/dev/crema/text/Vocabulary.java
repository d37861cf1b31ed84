package dev.crema.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Pairs tokens with ids, as the Rust library does when it reads the same {@code tokenizer.json}. */
final class Vocabulary {
    private final Map<String, Integer> ids;
    /** The token of each id, null in a gap. */
    private final @Nullable String[] tokens;

    private Vocabulary(Map<String, Integer> ids) {
        this.ids = ids;
        int largest = -1;
        for (int id : ids.values()) {
            largest = Math.max(largest, id);
        }
        tokens = new @Nullable String[largest + 1];
        ids.forEach((token, id) -> tokens[id] = token);
    }

    /**
     * Read the model's vocabulary and the added tokens.
     *
     * @throws InputException when there is no vocabulary or an id is not a number from 0
     */
    static Vocabulary of(JsonNode tokenizer) {
        JsonNode vocabulary = tokenizer.path("model").path("vocab");
        var ids = new HashMap<String, Integer>();
        if (vocabulary.isObject()) {
            for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
                JsonNode id = entry.getValue();
                if (!id.canConvertToInt() || id.intValue() < 0) {
                    throw new InputException("tokenizer.json gives token '" + entry.getKey() + "' the id " + id
                            + ": an id must be a whole number from 0");
                }
                ids.put(entry.getKey(), id.intValue());
            }
        } else if (vocabulary.isArray()) { // Unigram: [[token, score], ...]
            for (JsonNode pair : vocabulary) {
                ids.put(pair.path(0).asText(), ids.size());
            }
        } else {
            throw new InputException("tokenizer.json has no model.vocab: it is not a Hugging Face tokenizer");
        }
        addTokens(ids, tokenizer.path("added_tokens"));
        return new Vocabulary(ids);
    }

    /** An added token that the model does not spell takes the next id, whatever id the file wrote beside it. */
    private static void addTokens(Map<String, Integer> ids, JsonNode added) {
        int modelSize = ids.size();
        int largest = -1;
        for (JsonNode token : added) {
            String content = token.path("content").asText();
            if (content.isEmpty()) {
                continue;
            }
            Integer id = ids.get(content);
            if (id == null) {
                id = largest >= modelSize ? largest + 1 : modelSize;
                ids.put(content, id);
            }
            largest = Math.max(largest, id);
        }
    }

    int size() {
        return tokens.length;
    }

    boolean has(String token) {
        return ids.containsKey(token);
    }

    boolean hasId(int id) {
        return id >= 0 && id < tokens.length && tokens[id] != null;
    }

    int id(String token) {
        Integer id = ids.get(token);
        if (id == null) {
            throw new InputException("The tokenizer has no token '" + token + "'; the nearest are " + nearest(token));
        }
        return id;
    }

    String token(int id) {
        String token = id < 0 || id >= tokens.length ? null : tokens[id];
        if (token == null) {
            throw new InputException(
                    "The tokenizer has no token of id " + id + ": its ids go from 0 to " + (tokens.length - 1));
        }
        return token;
    }

    private String nearest(String wanted) {
        return ids.keySet().stream()
                .filter(token -> Math.abs(token.length() - wanted.length()) <= 3)
                .sorted(Comparator.<String>comparingInt(token -> distance(wanted, token))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(3)
                .collect(Collectors.joining("', '", "'", "'"));
    }

    /** Levenshtein distance over a single row. */
    private static int distance(String a, String b) {
        var row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
