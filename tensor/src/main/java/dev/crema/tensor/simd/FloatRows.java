package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** What a sampler does with a row of logits on the heap. */
public final class FloatRows {
    private FloatRows() {}

    /** Returns the place of the largest value, the first of equals. */
    public static int argmax(float[] values) {
        int bound = F.loopBound(values.length);
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < bound; i += N) most = most.max(FloatVector.fromArray(F, values, i));
        float largest = most.reduceLanes(VectorOperators.MAX);
        for (int i = bound; i < values.length; i++) largest = Math.max(largest, values[i]);
        for (int i = 0; i < values.length; i++) if (values[i] == largest) return i;
        return 0; // all are NaN
    }

    /** Replaces each value by {@code exp(scale (value - largest))} and returns the sum. */
    public static double exponentials(float[] values, float scale, float largest) {
        int bound = F.loopBound(values.length);
        double total = 0;
        for (int i = 0; i < bound; ) {
            // Sums of a few thousand are kept in fp32, longer ones in fp64.
            int stop = Math.min(bound, i + 4096);
            FloatVector sum = FloatVector.zero(F);
            for (; i < stop; i += N) {
                FloatVector p =
                        Exp.of(FloatVector.fromArray(F, values, i).sub(largest).mul(scale));
                p.intoArray(values, i);
                sum = sum.add(p);
            }
            total += Lanes.sum(sum);
        }
        for (int i = bound; i < values.length; i++) {
            values[i] = (float) Math.exp((values[i] - largest) * scale);
            total += values[i];
        }
        return total;
    }
}
