package dev.crema.infer;

import dev.crema.tensor.simd.FloatRows;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Draws tokens for one sequence.
 *
 * <p>Each sequence has a random stream of its own, derived from the seed and its number, so what it draws does not depend
 * on who else is in the batch.
 */
final class Sampler {
    private final Sampling sampling;
    private final SplittableRandom random;
    private final BitSet seen = new BitSet();

    /** A token and the logarithm of its probability at the sampling temperature, before any filter. */
    record Choice(int token, float logProbability) {}

    Sampler(Sampling sampling, long seed, long sequence, int[] prompt) {
        this.sampling = sampling;
        this.random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L ^ (sequence + 1) * 0xD1B54A32D192ED03L);
        if (sampling.repetitionPenalty() != 1) for (int id : prompt) seen.set(id);
    }

    /** Chooses from a row of logits, which it overwrites. */
    Choice choose(float[] logits) {
        if (sampling.repetitionPenalty() != 1) penalise(logits);
        float largest = FloatRows.max(logits);
        Choice choice = sampling.temperature() == 0 ? greedy(logits, largest) : drawn(logits, largest);
        if (sampling.repetitionPenalty() != 1) seen.set(choice.token);
        return choice;
    }

    private static Choice greedy(float[] logits, float largest) {
        int token = FloatRows.indexOf(logits, largest);
        return choice(token, logits, FloatRows.exponentials(logits, 1, largest));
    }

    private Choice drawn(float[] logits, float largest) {
        double sum = FloatRows.exponentials(logits, (float) (1 / sampling.temperature()), largest);
        int token = sampling.filtered()
                ? new TokenFilter(logits, sum).draw(sampling, random)
                : FloatRows.draw(logits, random.nextDouble() * sum);
        return choice(token, logits, sum);
    }

    private static Choice choice(int token, float[] weights, double sum) {
        return new Choice(token, (float) Math.log(weights[token] / sum));
    }

    private void penalise(float[] logits) {
        float penalty = (float) sampling.repetitionPenalty();
        for (int id = seen.nextSetBit(0); id >= 0 && id < logits.length; id = seen.nextSetBit(id + 1)) {
            logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
        }
    }
}
