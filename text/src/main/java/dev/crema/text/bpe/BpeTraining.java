package dev.crema.text.bpe;

import dev.crema.text.InputException;
import dev.crema.text.SpecialTokens.Role;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * Says what tokenizer to train.
 *
 * @param vocabularySize ids in all: special tokens, 256 bytes, and merges
 * @param specialTokens tokens never split nor trained on; they take the ids from 0 in this order
 * @param roles which special token begins, ends, pads
 * @param pre how text is cut into words, which no merge crosses
 * @param maxMemoryBytes about how much the words may take; beyond it the rarest are dropped
 */
public record BpeTraining(
        int vocabularySize,
        List<String> specialTokens,
        Map<Role, String> roles,
        PreTokenization pre,
        long maxMemoryBytes) {
    private static final long DEFAULT_MEMORY = 1L << 30;
    private static final long LEAST_MEMORY = 1L << 20;

    public BpeTraining {
        specialTokens = List.copyOf(specialTokens);
        var copy = new EnumMap<Role, String>(Role.class);
        copy.putAll(roles);
        roles = Collections.unmodifiableMap(copy); // in the order of the roles, unlike Map.copyOf
        int least = 256 + specialTokens.size();
        if (vocabularySize < least) {
            throw new InputException("A vocabulary of " + vocabularySize + " is too small: 256 bytes and "
                    + specialTokens.size() + " special tokens need at least " + least);
        }
        if (new HashSet<>(specialTokens).size() < specialTokens.size() || specialTokens.contains("")) {
            throw new InputException("Special tokens must differ and not be empty: " + specialTokens);
        }
        for (Map.Entry<Role, String> role : roles.entrySet()) {
            if (!specialTokens.contains(role.getValue())) {
                throw new InputException("Role " + role.getKey() + " names '" + role.getValue()
                        + "', which is not among the special tokens " + specialTokens);
            }
        }
        if (maxMemoryBytes < LEAST_MEMORY) {
            throw new InputException("maxMemoryBytes is " + maxMemoryBytes + ": give at least " + LEAST_MEMORY);
        }
    }

    /** Train with GPT-2's pattern, no roles and 1 GiB for the words; the {@code with} methods change that. */
    public static BpeTraining of(int vocabularySize, List<String> specialTokens) {
        return new BpeTraining(vocabularySize, specialTokens, Map.of(), PreTokenization.GPT2, DEFAULT_MEMORY);
    }

    /** Cut text into words in another way. */
    public BpeTraining withPreTokenization(PreTokenization other) {
        return new BpeTraining(vocabularySize, specialTokens, roles, other, maxMemoryBytes);
    }

    /** Give a special token a role. */
    public BpeTraining withRole(Role role, String token) {
        var more = new EnumMap<Role, String>(Role.class);
        more.putAll(roles);
        more.put(role, token);
        return new BpeTraining(vocabularySize, specialTokens, more, pre, maxMemoryBytes);
    }

    /** Allow the words about this many bytes. */
    public BpeTraining withMaxMemoryBytes(long bytes) {
        return new BpeTraining(vocabularySize, specialTokens, roles, pre, bytes);
    }
}
