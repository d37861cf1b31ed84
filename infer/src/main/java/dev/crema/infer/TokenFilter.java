package dev.crema.infer;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Cuts a distribution to its likely tokens: top-k, then top-p, then min-p, each over what the one before left. */
final class TokenFilter {
    private final float[] weights;
    private final double sum;

    /**
     * @param weights unnormalised probabilities by token, the largest 1
     * @param sum their sum
     */
    TokenFilter(float[] weights, double sum) {
        this.weights = weights;
        this.sum = sum;
    }

    /** Draws one of the tokens that are left. */
    int draw(Sampling sampling, SplittableRandom random) {
        int[] tokens = descending(sampling);
        int kept = cutsToK(sampling) ? Math.min(sampling.topK(), tokens.length) : tokens.length;
        double total = cutsToK(sampling) ? total(tokens, kept) : sum;
        if (sampling.topP() < 1) {
            double reached = 0;
            int needed = 0;
            while (needed < kept && reached < sampling.topP() * total) reached += weights[tokens[needed++]];
            kept = needed;
        }
        double least = sampling.minP() * weights[tokens[0]];
        while (kept > 1 && weights[tokens[kept - 1]] < least) kept--;
        double point = random.nextDouble() * total(tokens, kept);
        for (int i = 0; i < kept; i++) {
            point -= weights[tokens[i]];
            if (point < 0) return tokens[i];
        }
        return tokens[kept - 1];
    }

    private double total(int[] tokens, int count) {
        double total = 0;
        for (int i = 0; i < count; i++) total += weights[tokens[i]];
        return total;
    }

    /** Returns tokens by falling probability; those that no filter can keep are left out first, as sorting is dear. */
    private int[] descending(Sampling sampling) {
        float least = 0;
        if (cutsToK(sampling)) {
            least = kthLargest(sampling.topK());
        } else if (sampling.topP() < 1) {
            // Tokens below this together hold less than what top-p leaves out.
            least = (float) ((1 - sampling.topP()) * sum / weights.length);
        }
        // Top-p takes its share of all that top-k left, so what min-p will cut has to stay until then.
        if (!cutsToK(sampling) || sampling.topP() == 1) least = Math.max(least, (float) sampling.minP());
        long[] keys = new long[weights.length];
        int count = 0;
        for (int i = 0; i < weights.length; i++) {
            // Weights are not negative, so their bits order as they do; ties go to the smaller token.
            if (weights[i] >= least) keys[count++] = (long) ~Float.floatToRawIntBits(weights[i]) << 32 | i;
        }
        Arrays.sort(keys, 0, count);
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) tokens[i] = (int) keys[i];
        return tokens;
    }

    private boolean cutsToK(Sampling sampling) {
        return sampling.topK() > 0 && sampling.topK() < weights.length;
    }

    private float kthLargest(int k) {
        float[] heap = new float[k]; // a min-heap of the k largest so far
        Arrays.fill(heap, -1);
        for (float weight : weights) {
            if (weight <= heap[0]) continue;
            int at = 0;
            for (int child = 1; child < k; child = 2 * at + 1) {
                if (child + 1 < k && heap[child + 1] < heap[child]) child++;
                if (heap[child] >= weight) break;
                heap[at] = heap[child];
                at = child;
            }
            heap[at] = weight;
        }
        return heap[0];
    }
}
