package dev.crema.train.method;

import dev.crema.tensor.VocabularyLoss;
import dev.crema.train.method.PolicyObjective.Aggregation;
import dev.crema.train.method.PolicyObjective.Ratio;

/**
 * The clipped policy-gradient loss of group-relative policy optimisation and its derivative by log-probabilities.
 *
 * <p>With {@code ρ = exp(π - π_old)} and the advantage {@code A} of a token's sequence,
 *
 * <pre>
 * loss = -min(ρ A, clip(ρ, 1 - ε_low, 1 + ε_high) A) + β k3
 * k3   = exp(π_ref - π) - (π_ref - π) - 1
 * </pre>
 *
 * <p>(Shao et al., "DeepSeekMath", 2024, eqs. 3 and 4), where {@code k3} estimates the divergence from the reference
 * without bias and is never negative. By sequence, {@code ρ} is the geometric mean of the tokens' ratios (Zheng et al.,
 * "GSPO", 2025). Tokens of all sequences lie one after the other.
 */
final class PolicyLoss implements VocabularyLoss.Derivative {
    private final PolicyObjective objective;
    private final double[] advantages; // by sequence
    private final int[] firsts; // where each sequence's tokens begin; one more for the end
    private final int[] sequences; // by token
    private final float[] old;
    private final float[] reference;
    private final double[] weights; // by sequence: the factor on a token's term
    private double loss;
    private double divergence;
    private long clipped;

    /**
     * @param firsts where each sequence's tokens begin, and the end
     * @param old log-probabilities under the policy that sampled
     * @param reference log-probabilities under the reference; read only if the objective has a divergence term
     * @param normaliser what sums are divided by: sequences, tokens or the constant, of the whole step
     */
    PolicyLoss(
            PolicyObjective objective,
            double[] advantages,
            int[] firsts,
            float[] old,
            float[] reference,
            double normaliser) {
        this.objective = objective;
        this.advantages = advantages;
        this.firsts = firsts;
        this.old = old;
        this.reference = reference;
        this.sequences = new int[firsts[firsts.length - 1]];
        this.weights = new double[advantages.length];
        for (int s = 0; s < advantages.length; s++) {
            int length = firsts[s + 1] - firsts[s];
            boolean byLength = objective.aggregation() == Aggregation.SEQUENCE_MEAN;
            weights[s] = 1 / (normaliser * (byLength ? Math.max(1, length) : 1));
            for (int t = firsts[s]; t < firsts[s + 1]; t++) sequences[t] = s;
        }
    }

    /** Writes the derivative; by sequence, all tokens have to come in one call. */
    @Override
    public void write(int from, int to, float[] logs, float[] derivative) {
        if (objective.ratio() == Ratio.SEQUENCE) {
            if (from != 0 || to != sequences.length) {
                throw new IllegalStateException("ratios by sequence need the log-probabilities of whole sequences");
            }
            for (int s = 0; s < advantages.length; s++) sequence(s, logs, derivative);
            return;
        }
        for (int t = from; t < to; t++) {
            int s = sequences[t];
            derivative[t] = (float) (weights[s]
                    * (surrogate(Math.exp(logs[t] - old[t]), s, weights[s], 1) + divergence(t, logs[t], s)));
        }
    }

    private void sequence(int s, float[] logs, float[] derivative) {
        int length = firsts[s + 1] - firsts[s];
        double difference = 0;
        for (int t = firsts[s]; t < firsts[s + 1]; t++) difference += logs[t] - old[t];
        // The ratio is one for all tokens; the derivative of its mean is shared by them.
        double slope = surrogate(Math.exp(difference / Math.max(1, length)), s, weights[s] * length, length);
        for (int t = firsts[s]; t < firsts[s + 1]; t++) {
            derivative[t] = (float) (weights[s] * (slope + divergence(t, logs[t], s)));
        }
    }

    /** Adds {@code weight} times the surrogate to the loss; returns its derivative by the ratio's logarithm. */
    private double surrogate(double ratio, int s, double weight, int tokens) {
        double advantage = advantages[s];
        double capped = Math.min(ratio, objective.ratioCap());
        double limited = Math.clamp(ratio, 1 - objective.clipLow(), 1 + objective.clipHigh());
        double free = capped * advantage, bound = limited * advantage;
        loss -= weight * Math.min(free, bound);
        boolean held = bound < free;
        if (held || capped < ratio && free < bound) clipped += tokens;
        return held || capped < ratio ? 0 : -ratio * advantage;
    }

    private double divergence(int t, float log, int s) {
        if (objective.klCoefficient() == 0) return 0;
        double difference = reference[t] - (double) log;
        double k3 = Math.exp(difference) - difference - 1;
        divergence += k3;
        loss += weights[s] * objective.klCoefficient() * k3;
        return objective.klCoefficient() * (1 - Math.exp(difference));
    }

    /** Returns the loss of the tokens written so far. */
    double loss() {
        return loss;
    }

    /** Returns the sum of k3 over the tokens written so far. */
    double divergence() {
        return divergence;
    }

    /** Returns how many tokens were held by the clip. */
    long clipped() {
        return clipped;
    }
}
