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
    /** Elements that one call takes: a method that is called often is compiled soon. */
    private static final long PIECE = 4096;

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
        Arrays arrays = new Arrays(
                master.address(), gradient.address(), wideGradient, first.address(), second.address(), copy.address());
        Crew.run(
                (count + PIECE - 1) / PIECE,
                4,
                (part, piece) -> arrays.step(piece * PIECE, Math.min(count, (piece + 1) * PIECE), step));
    }

    /** Where the elements lie. */
    private record Arrays(long w, long g, boolean wide, long m, long v, long copy) {
        void step(long from, long to, Step step) {
            boolean separate = copy != w;
            long i = from;
            for (; i + N <= to; i += N) {
                FloatVector gi = Lanes.load(wide, g + i * (wide ? 4 : 2)).mul(step.scale());
                FloatVector mi = Lanes.load(true, m + i * 4);
                mi = mi.add(gi.sub(mi).mul(1 - step.beta1()));
                FloatVector vi = Lanes.load(true, v + i * 4)
                        .mul(step.beta2())
                        .add(gi.mul(gi).mul(1 - step.beta2()));
                FloatVector root =
                        vi.lanewise(VectorOperators.SQRT).mul(step.correction()).add(step.epsilon());
                FloatVector wi = Lanes.load(true, w + i * 4)
                        .mul(step.decay())
                        .sub(mi.mul(step.rate()).div(root));
                Lanes.store(true, m + i * 4, mi);
                Lanes.store(true, v + i * 4, vi);
                Lanes.store(true, w + i * 4, wi);
                if (separate) Lanes.storeBf16(copy + i * 2, wi);
            }
            for (; i < to; i++) {
                float gi = Lanes.loadScalar(wide, g + i * (wide ? 4 : 2)) * step.scale();
                float mi = Lanes.loadScalar(true, m + i * 4);
                mi += (gi - mi) * (1 - step.beta1());
                float vi = Lanes.loadScalar(true, v + i * 4) * step.beta2() + gi * gi * (1 - step.beta2());
                float root = (float) Math.sqrt(vi) * step.correction() + step.epsilon();
                float wi = Lanes.loadScalar(true, w + i * 4) * step.decay() - mi * step.rate() / root;
                Lanes.storeScalar(true, m + i * 4, mi);
                Lanes.storeScalar(true, v + i * 4, vi);
                Lanes.storeScalar(true, w + i * 4, wi);
                if (separate) Lanes.storeScalar(false, copy + i * 2, wi);
            }
        }
    }

    /** Returns the sum of squares of the elements. */
    public static double squares(MemorySegment values, boolean wide) {
        long count = values.byteSize() / (wide ? 4 : 2), pieces = (count + PIECE - 1) / PIECE;
        double[] sums = new double[(int) pieces];
        Crew.run(pieces, 4, (part, piece) -> {
            long end = Math.min(count, (piece + 1) * PIECE);
            sums[(int) piece] = squares(values.address(), wide, piece * PIECE, end);
        });
        double total = 0;
        for (double sum : sums) total += sum;
        return total;
    }

    /** Sums of a piece are kept in fp32. */
    private static double squares(long address, boolean wide, long from, long to) {
        int size = wide ? 4 : 2;
        long i = from;
        FloatVector sum = FloatVector.zero(F);
        for (; i + N <= to; i += N) {
            FloatVector x = Lanes.load(wide, address + i * size);
            sum = x.fma(x, sum);
        }
        double total = Lanes.sum(sum);
        for (; i < to; i++) {
            double x = Lanes.loadScalar(wide, address + i * size);
            total += x * x;
        }
        return total;
    }
}
