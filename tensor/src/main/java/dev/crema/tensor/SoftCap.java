package dev.crema.tensor;

/** Bounds scores smoothly: {@code limit * tanh(score / limit)} (Bello et al., 2017; Gemma 2, 2024). */
public sealed interface SoftCap {
    /** Returns the scores bounded; the innermost scope's unless they are returned as they are. */
    Tensor apply(Tensor scores);

    record None() implements SoftCap {
        @Override
        public Tensor apply(Tensor scores) {
            return scores;
        }
    }

    /** @param limit that no score exceeds */
    record Tanh(double limit) implements SoftCap {
        public Tanh {
            if (!(limit > 0)) throw new IllegalArgumentException("a cap of " + limit + " leaves no score");
        }

        @Override
        public Tensor apply(Tensor scores) {
            return scores.div(limit).tanh().mul(limit);
        }

        /** Returns the derivative by the scores, {@code 1 - (capped / limit)²}. */
        Tensor slope(Tensor capped) {
            return capped.div(limit).pow(2).neg().add(1);
        }
    }
}
