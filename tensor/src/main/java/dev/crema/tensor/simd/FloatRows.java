package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** What norms and samplers do with a row on the heap. */
public final class FloatRows {
    /** Values that are added up before one looks whether a point lies among them. */
    private static final int BLOCK = 512;

    private FloatRows() {}

    /** Returns the sum of the squares. */
    static double squares(float[] values) {
        int bound = F.loopBound(values.length);
        FloatVector squares = FloatVector.zero(F);
        for (int i = 0; i < bound; i += N) {
            FloatVector v = FloatVector.fromArray(F, values, i);
            squares = v.fma(v, squares);
        }
        double sum = Lanes.sum(squares);
        for (int i = bound; i < values.length; i++) sum += (double) values[i] * values[i];
        return sum;
    }

    /** Multiplies each value by a factor of its own. */
    static void multiply(float[] values, float[] factors) {
        int bound = F.loopBound(values.length);
        for (int i = 0; i < bound; i += N) {
            FloatVector.fromArray(F, values, i)
                    .mul(FloatVector.fromArray(F, factors, i))
                    .intoArray(values, i);
        }
        for (int i = bound; i < values.length; i++) values[i] *= factors[i];
    }

    /** Returns the largest value. */
    public static float max(float[] values) {
        int bound = F.loopBound(values.length);
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < bound; i += N) most = most.max(FloatVector.fromArray(F, values, i));
        float largest = most.reduceLanes(VectorOperators.MAX);
        for (int i = bound; i < values.length; i++) largest = Math.max(largest, values[i]);
        return largest;
    }

    /** Returns the first place of a value, or 0 if it has none. */
    public static int indexOf(float[] values, float value) {
        for (int i = 0; i < values.length; i++) if (values[i] == value) return i;
        return 0;
    }

    /**
     * Returns the first place up to which the weights sum to more than {@code point}; if rounding leaves none, the last
     * place that has a weight.
     */
    public static int draw(float[] weights, double point) {
        double left = point;
        int from = 0;
        for (; from + BLOCK <= weights.length; from += BLOCK) {
            double sum = sum(weights, from);
            if (left < sum) break;
            left -= sum;
        }
        for (int i = from; i < weights.length; i++) {
            left -= weights[i];
            if (left < 0) return i;
        }
        int last = weights.length - 1;
        while (last > 0 && weights[last] == 0) last--;
        return last;
    }

    private static double sum(float[] values, int from) {
        FloatVector sum = FloatVector.zero(F);
        for (int i = from; i < from + BLOCK; i += N) sum = sum.add(FloatVector.fromArray(F, values, i));
        return Lanes.sum(sum);
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
        if (bound < values.length) rest(values, bound, scale, largest);
        for (int i = bound; i < values.length; i++) total += values[i];
        return total;
    }

    /** Goes through a vector too, so that equal values have equal exponentials wherever they stand. */
    private static void rest(float[] values, int from, float scale, float largest) {
        VectorMask<Float> there = F.indexInRange(from, values.length);
        FloatVector x = FloatVector.fromArray(F, values, from, there);
        Exp.of(x.sub(largest).mul(scale)).intoArray(values, from, there);
    }
}
