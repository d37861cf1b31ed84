package dev.crema.infer;

import dev.crema.text.InputException;

/**
 * How the next token is chosen from the logits, in the order of transformers: repetition penalty, temperature, top-k,
 * top-p, min-p.
 *
 * @param temperature divides the logits; 0 takes the largest
 * @param topK keeps the k largest; 0 keeps all
 * @param topP keeps the fewest tokens whose probabilities reach p (Holtzman et al., 2020); 1 keeps all
 * @param minP keeps tokens of at least p times the largest probability (Nguyen et al., 2024); 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens already seen (Keskar et al., 2019);
 *     1 changes nothing
 */
public record Sampling(double temperature, int topK, double topP, double minP, double repetitionPenalty) {
    public Sampling {
        check(temperature >= 0 && temperature <= 100, "temperature", temperature, "0 to 100");
        check(topK >= 0, "top-k", topK, "0 or more");
        check(topP > 0 && topP <= 1, "top-p", topP, "above 0, at most 1");
        check(minP >= 0 && minP <= 1, "min-p", minP, "0 to 1");
        check(
                repetitionPenalty > 0 && repetitionPenalty <= 100,
                "repetition penalty",
                repetitionPenalty,
                "above 0, at most 100");
    }

    private static void check(boolean holds, String what, double value, String range) {
        if (!holds) throw new InputException("A " + what + " of " + value + " cannot be used; it lies in: " + range);
    }

    /** Takes the most probable token each time. */
    public static Sampling greedy() {
        return new Sampling(0, 0, 1, 0, 1);
    }

    /** Draws from the model's own distribution, sharpened or flattened. */
    public static Sampling at(double temperature) {
        return new Sampling(temperature, 0, 1, 0, 1);
    }

    boolean filtered() {
        return topK > 0 || topP < 1 || minP > 0;
    }
}
