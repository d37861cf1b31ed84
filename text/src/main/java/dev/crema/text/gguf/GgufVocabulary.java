package dev.crema.text.gguf;

import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The tokens of a GGUF file, the index of each its id.
 *
 * @param types what each token is for
 * @param scores what a SentencePiece model merges by; empty where there is none
 */
public record GgufVocabulary(List<String> tokens, List<Type> types, float[] scores) {
    static final String TOKENS = "tokenizer.ggml.tokens";
    static final String TYPES = "tokenizer.ggml.token_type";
    static final String SCORES = "tokenizer.ggml.scores";

    private static final int LIMIT = 1 << 24;

    /** What a token is for; its number in the file is its place here. */
    public enum Type {
        UNDEFINED,
        NORMAL,
        /** Stands for what cannot be spelled. */
        UNKNOWN,
        /** Means something to the model, and is no text: where a turn begins, where an answer ends. */
        CONTROL,
        /** Is never taken apart. */
        USER_DEFINED,
        UNUSED,
        /** Stands for a byte, spelled {@code <0x0A>}. */
        BYTE;

        /** Tell whether a token is found in a text before any other is, as a whole. */
        public boolean added() {
            return this == CONTROL || this == USER_DEFINED || this == UNKNOWN;
        }

        /** Tell whether a token is no part of an answer's text. */
        public boolean special() {
            return this == CONTROL || this == UNKNOWN;
        }
    }

    /**
     * Read the vocabulary.
     *
     * @throws InputException if it is missing, its arrays do not agree, or a token is there twice
     */
    static GgufVocabulary of(String file, GgufMetadata metadata) {
        List<String> tokens = new ArrayList<>(metadata.texts(TOKENS));
        if (tokens.isEmpty() || tokens.size() > LIMIT) {
            throw new InputException(file + ": " + TOKENS + " has " + tokens.size() + " tokens; it has 1 to " + LIMIT);
        }
        Set<String> seen = new HashSet<>();
        for (int id = 0; id < tokens.size(); id++) {
            if (tokens.get(id).isEmpty()) {
                tokens.set(id, "[EMPTY_" + id + "]");
            }
            if (!seen.add(tokens.get(id))) {
                throw new InputException(file + ": the token '" + tokens.get(id)
                        + "' is there twice, the second time with" + " the id " + id);
            }
        }
        List<Type> types = new ArrayList<>();
        if (metadata.has(TYPES)) {
            for (int type : metadata.ints(TYPES)) {
                types.add(type >= 0 && type < Type.values().length ? Type.values()[type] : Type.UNDEFINED);
            }
            sameSize(file, TYPES, types.size(), tokens.size());
        } else {
            tokens.forEach(token -> types.add(Type.NORMAL));
        }
        float[] scores = metadata.has(SCORES) ? metadata.floats(SCORES) : new float[0];
        if (scores.length > 0) {
            sameSize(file, SCORES, scores.length, tokens.size());
        }
        return new GgufVocabulary(List.copyOf(tokens), List.copyOf(types), scores);
    }

    private static void sameSize(String file, String key, int size, int tokens) {
        if (size != tokens) {
            throw new InputException(file + ": " + key + " has " + size + " elements for " + tokens + " tokens");
        }
    }

    public int size() {
        return tokens.size();
    }
}
