package dev.crema.infer;

import dev.crema.text.InputException;
import java.util.List;

/**
 * How a text is continued.
 *
 * @param maxTokens new tokens at most
 * @param stops strings that end the text; none of them is shown
 * @param seed of the sampling
 */
public record TextOptions(int maxTokens, Sampling sampling, List<String> stops, long seed) {
    public TextOptions {
        if (maxTokens < 1) throw new InputException("max tokens of " + maxTokens + " cannot be used; it is 1 or more");
        stops = List.copyOf(stops);
        if (stops.contains("")) throw new InputException("An empty stop string would end every text before it starts");
    }

    /** Returns a copy with another seed. */
    public TextOptions withSeed(long newSeed) {
        return new TextOptions(maxTokens, sampling, stops, newSeed);
    }
}
