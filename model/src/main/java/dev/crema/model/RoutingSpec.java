package dev.crema.model;

import dev.crema.text.InputException;

/**
 * How a router picks experts for a token, and what weight it gives them.
 *
 * @param experts experts E
 * @param active experts K that a token chooses
 * @param score what a router's logits become: the weights of the chosen, before they are normalised
 * @param groups whether the choice is limited to some groups of experts
 * @param correction whether each expert has a bias that is added to its score for the choice alone, not for the weight; it
 *     evens the load out without a loss (DeepSeek-V3)
 * @param normalised whether the weights of the chosen are divided by their sum
 * @param scale by which the weights are multiplied at last
 * @param capacity how many tokens an expert takes
 */
public record RoutingSpec(
        int experts,
        int active,
        Score score,
        Groups groups,
        boolean correction,
        boolean normalised,
        double scale,
        Capacity capacity) {
    public RoutingSpec {
        ArchConfig.check("number of experts", experts, 65_536);
        ArchConfig.check("number of active experts", active, experts);
        int eligible = groups instanceof Groups.Limited(int all, int kept, GroupScore by)
                ? checkGroups(experts, all, kept, by)
                : experts;
        ArchConfig.check("number of active experts", active, eligible);
    }

    private static int checkGroups(int experts, int groups, int kept, GroupScore score) {
        if (groups < 1 || experts % groups != 0) {
            throw new InputException("A model cannot part " + experts + " experts into " + groups
                    + " groups: choose a divisor of " + experts);
        }
        int size = experts / groups;
        ArchConfig.check("number of groups to choose from", kept, groups);
        if (score == GroupScore.TWO_BEST && size < 2) {
            throw new InputException("A group of one expert has no two best: choose fewer than " + groups + " groups");
        }
        return kept * size;
    }

    /** Routing without groups, correction, scale or limit. */
    public static RoutingSpec topK(int experts, int active, boolean normalised) {
        return new RoutingSpec(
                experts, active, Score.SOFTMAX, new Groups.All(), false, normalised, 1, new Capacity.Dropless());
    }

    /** What makes scores of logits. */
    public enum Score {
        /** The experts compete (Shazeer et al., 2017). */
        SOFTMAX,
        /** Each expert by itself (DeepSeek-V3). */
        SIGMOID
    }

    /** Which experts a token may choose. */
    public sealed interface Groups {
        record All() implements Groups {}

        /** Those of the {@code kept} best of so many groups of neighbours, so that a token visits few devices (DeepSeek). */
        record Limited(int groups, int kept, GroupScore score) implements Groups {}
    }

    /** How good a group is. */
    public enum GroupScore {
        /** The best score in it (DeepSeek-V2). */
        BEST,
        /** The sum of its two best (DeepSeek-V3). */
        TWO_BEST
    }

    /** How many tokens an expert takes. */
    public sealed interface Capacity {
        /** All that choose it. */
        record Dropless() implements Capacity {}

        /**
         * This many times its even share, rounded up; what goes beyond passes it by (Lepikhin et al., "GShard", 2020). A
         * token's result then depends on the others that run with it.
         */
        record Factor(double factor) implements Capacity {
            public Factor {
                if (!(factor > 0)) {
                    throw new InputException("A capacity factor of " + factor + ": it lies above 0");
                }
            }
        }
    }

    /** Returns how many of {@code tokens} tokens an expert takes at most. */
    int capacity(long tokens) {
        return switch (capacity) {
            case Capacity.Dropless dropless -> Integer.MAX_VALUE;
            case Capacity.Factor(double factor) -> (int) Math.ceil(factor * tokens * active / experts);
        };
    }
}
