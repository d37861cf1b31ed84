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
        int best = FloatRows.argmax(logits);
        float inverse = sampling.temperature() == 0 ? 1 : (float) (1 / sampling.temperature());
        // From here on the row holds unnormalised probabilities.
        double sum = FloatRows.exponentials(logits, inverse, logits[best]);
        int token = best;
        if (sampling.temperature() > 0) {
            token = sampling.filtered() ? new TokenFilter(logits, sum).draw(sampling, random) : draw(logits, sum);
        }
        if (sampling.repetitionPenalty() != 1) seen.set(token);
        return new Choice(token, (float) Math.log(logits[token] / sum));
    }

    private int draw(float[] weights, double sum) {
        double point = random.nextDouble() * sum;
        int last = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] == 0) continue;
            point -= weights[i];
            last = i;
            if (point < 0) return i;
        }
        return last;
    }

    private void penalise(float[] logits) {
        float penalty = (float) sampling.repetitionPenalty();
        for (int id = seen.nextSetBit(0); id >= 0 && id < logits.length; id = seen.nextSetBit(id + 1)) {
            logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
        }
    }
}
