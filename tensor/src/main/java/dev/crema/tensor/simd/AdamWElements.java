package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * AdamW over the elements of a weight, in one pass over memory: the gradient is scaled, both moments and the fp32 master
 * updated, and the model's own copy rounded.
 *
 * <p>The step is bound by memory: each array that need not be read or written is time saved.
 */
public final class AdamWElements {
    private static final long GRAIN = 16_384;

    private AdamWElements() {}

    /**
     * Numbers of one step.
     *
     * @param scale multiplies the gradient first (clipping)
     * @param rate the learning rate over {@code 1 - β₁ᵗ}
     * @param decay what the weight is multiplied with
     * @param correction {@code 1 / sqrt(1 - β₂ᵗ)}
     */
    public record Step(
            float scale, float rate, float beta1, float beta2, float epsilon, float decay, float correction) {
        /** Computes the numbers of step {@code t}, from 1. */
        public static Step of(
                double scale, double rate, double beta1, double beta2, double epsilon, double weightDecay, long t) {
            return new Step(
                    (float) scale,
                    (float) (rate / (1 - Math.pow(beta1, t))),
                    (float) beta1,
                    (float) beta2,
                    (float) epsilon,
                    (float) (1 - rate * weightDecay),
                    (float) (1 / Math.sqrt(1 - Math.pow(beta2, t))));
        }
    }

    /**
     * Takes one step.
     *
     * @param gradient fp32 or bf16
     * @param copy bf16 copy of the master to round into; the master itself if there is none
     */
    public static void step(
            MemorySegment master,
            MemorySegment gradient,
            boolean wideGradient,
            MemorySegment first,
            MemorySegment second,
            MemorySegment copy,
            Step step) {
        long count = master.byteSize() / 4;
        boolean separate = copy.address() != master.address();
        long w = master.address(), g = gradient.address(), m = first.address(), v = second.address();
        long c = copy.address();
        Crew.run((count + N - 1) / N, GRAIN / N, (from, to) -> {
            long end = Math.min(to * N, count);
            long i = from * N;
            for (; i + N <= end; i += N) {
                FloatVector gi = Lanes.load(wideGradient, g + i * (wideGradient ? 4 : 2)).mul(step.scale());
                FloatVector mi = Lanes.load(true, m + i * 4);
                mi = mi.add(gi.sub(mi).mul(1 - step.beta1()));
                FloatVector vi = Lanes.load(true, v + i * 4).mul(step.beta2()).add(gi.mul(gi).mul(1 - step.beta2()));
                FloatVector denominator = vi.lanewise(VectorOperators.SQRT).mul(step.correction()).add(step.epsilon());
                FloatVector wi = Lanes.load(true, w + i * 4).mul(step.decay()).sub(mi.mul(step.rate()).div(denominator));
                Lanes.store(true, m + i * 4, mi);
                Lanes.store(true, v + i * 4, vi);
                Lanes.store(true, w + i * 4, wi);
                if (separate) Lanes.storeBf16(c + i * 2, wi);
            }
            for (; i < end; i++) {
                float gi = Lanes.loadScalar(wideGradient, g + i * (wideGradient ? 4 : 2)) * step.scale();
                float mi = Lanes.loadScalar(true, m + i * 4);
                mi += (gi - mi) * (1 - step.beta1());
                float vi = Lanes.loadScalar(true, v + i * 4) * step.beta2() + gi * gi * (1 - step.beta2());
                float denominator = (float) Math.sqrt(vi) * step.correction() + step.epsilon();
                float wi = Lanes.loadScalar(true, w + i * 4) * step.decay() - mi * step.rate() / denominator;
                Lanes.storeScalar(true, m + i * 4, mi);
                Lanes.storeScalar(true, v + i * 4, vi);
                Lanes.storeScalar(true, w + i * 4, wi);
                if (separate) Lanes.storeScalar(false, c + i * 2, wi);
            }
        });
    }

    /** Returns the sum of squares of the elements. */
    public static double squares(MemorySegment values, boolean wide) {
        long count = values.byteSize() / (wide ? 4 : 2), address = values.address();
        int size = wide ? 4 : 2, parts = Crew.parts(count, GRAIN);
        double[] sums = new double[parts];
        Crew.runParts((count + N - 1) / N, parts, (part, from, to) -> {
            long end = Math.min(to * N, count), i = from * N;
            double total = 0;
            while (i + N <= end) {
                // Sums of 4096 are kept in fp32, longer ones in fp64.
                long stop = Math.min(end - N, i + 4096);
                FloatVector sum = FloatVector.zero(F);
                for (; i <= stop; i += N) {
                    FloatVector x = Lanes.load(wide, address + i * size);
                    sum = x.fma(x, sum);
                }
                total += Lanes.sum(sum);
            }
            for (; i < end; i++) {
                double x = Lanes.loadScalar(wide, address + i * size);
                total += x * x;
            }
            sums[part] = total;
        });
        double total = 0;
        for (double sum : sums) total += sum;
        return total;
    }
}
