package dev.crema.infer;

import dev.crema.text.InputException;
import java.util.Set;

/**
 * How a batch of sequences is continued.
 *
 * @param maxTokens new tokens of a sequence at most
 * @param stopIds tokens that end a sequence; they belong to the completion
 * @param seed of the sampling
 */
public record GenerationOptions(int maxTokens, Sampling sampling, Set<Integer> stopIds, long seed) {
    public GenerationOptions {
        if (maxTokens < 1) throw new InputException("max tokens of " + maxTokens + " cannot be used; it is 1 or more");
        stopIds = Set.copyOf(stopIds);
    }
}
