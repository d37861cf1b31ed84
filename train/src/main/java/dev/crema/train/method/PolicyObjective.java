package dev.crema.train.method;

import dev.crema.text.InputException;

/**
 * What a policy gradient maximises, and its variants.
 *
 * @param ratio whether importance ratios are by token (GRPO) or by sequence (GSPO, 2025)
 * @param aggregation how terms of tokens become one number
 * @param clipLow how far below 1 a ratio still counts
 * @param clipHigh how far above 1; more than {@code clipLow} leaves room to explore (DAPO, 2025)
 * @param ratioCap caps the ratio where the advantage is negative; infinite for no cap (two-sided clipping)
 * @param klCoefficient weight β of the divergence from the reference model; 0 needs no reference
 */
public record PolicyObjective(
        Ratio ratio, Aggregation aggregation, double clipLow, double clipHigh, double ratioCap, double klCoefficient) {
    public PolicyObjective {
        check(clipLow >= 0 && clipLow <= 1, "lower clip", clipLow, "0 to 1");
        check(clipHigh >= 0, "upper clip", clipHigh, "0 or more");
        check(ratioCap > 1, "ratio cap", ratioCap, "above 1");
        check(klCoefficient >= 0, "KL coefficient", klCoefficient, "0 or more");
    }

    private static void check(boolean holds, String what, double value, String range) {
        if (!holds) throw new InputException("A " + what + " of " + value + " cannot be used; it lies in: " + range);
    }

    /** What is compared with the policy that sampled. */
    public enum Ratio {
        TOKEN,
        SEQUENCE
    }

    /** How terms of tokens become one number. */
    public enum Aggregation {
        /** Mean over sequences of the mean over their tokens (DeepSeekMath); short sequences weigh more by token. */
        SEQUENCE_MEAN,
        /** Sum over tokens by the tokens of the batch (DAPO). */
        TOKEN_MEAN,
        /** Sum over tokens by a constant, so that length has no bearing (Dr. GRPO). */
        CONSTANT
    }

    /** GRPO by token, clip 0.2, token mean, no divergence term. */
    public static PolicyObjective standard() {
        return new PolicyObjective(Ratio.TOKEN, Aggregation.TOKEN_MEAN, 0.2, 0.2, Double.POSITIVE_INFINITY, 0);
    }
}
