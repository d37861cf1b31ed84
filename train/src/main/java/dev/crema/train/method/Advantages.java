package dev.crema.train.method;

import java.util.Arrays;

/**
 * Turns the rewards of groups of samples into advantages: how much better a sample is than the others of its prompt.
 *
 * <p>{@code A_i = (r_i - mean) / std} over the group (Shao et al., "DeepSeekMath", 2024, eq. 21). Implementations differ
 * in the standard deviation and in what keeps it from zero; all are here.
 */
public enum Advantages {
    /** By the group's sample standard deviation plus 1e-4, as TRL has it. */
    GROUP,
    /** By the group's population standard deviation plus 1e-4, as Megatron-RL has it. */
    POPULATION,
    /** By the sample standard deviation of the whole batch plus 1e-4 (REINFORCE++, "Lite PPO"). */
    BATCH,
    /** Only centred: dividing favours problems that are almost always or almost never solved (Dr. GRPO, 2025). */
    NONE;

    private static final double EPSILON = 1e-4;

    /** Returns the advantages of samples that lie group by group. */
    public double[] of(double[] rewards, int groupSize) {
        if (groupSize < 1 || rewards.length % groupSize != 0) {
            throw new IllegalArgumentException(rewards.length + " rewards are no groups of " + groupSize);
        }
        double[] advantages = new double[rewards.length];
        double batch = deviation(rewards, 1);
        for (int from = 0; from < rewards.length; from += groupSize) {
            double[] group = Arrays.copyOfRange(rewards, from, from + groupSize);
            double mean = mean(group);
            double divisor = switch (this) {
                case GROUP -> deviation(group, 1) + EPSILON;
                case POPULATION -> deviation(group, 0) + EPSILON;
                case BATCH -> batch + EPSILON;
                case NONE -> 1;
            };
            for (int i = 0; i < groupSize; i++) advantages[from + i] = (group[i] - mean) / divisor;
        }
        return advantages;
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(0);
    }

    private static double deviation(double[] values, int correction) {
        if (values.length <= correction) return 0;
        double mean = mean(values);
        double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        return Math.sqrt(squares / (values.length - correction));
    }
}
