package dev.crema.tensor.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential function by lanes, to about one unit in the last place of fp32.
 *
 * <p>{@code exp(x) = 2^k exp(r)} with {@code k = round(x / ln 2)} and a polynomial of degree 6 on {@code |r| <= ln 2 / 2}
 * (after Cody and Waite, 1980). Written out, it is inlined into the loops that use it; the library's is a call for each
 * vector.
 */
final class Exp {
    private static final float LOG2E = 1.44269504f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;

    private Exp() {}

    static FloatVector of(FloatVector x) {
        FloatVector bounded = x.max(-87.3f).min(88.3f);
        // Adding 1.5 * 2^23 rounds to the nearest whole number, which then stands in the lowest bits.
        FloatVector shifted = bounded.mul(LOG2E).add(12582912f);
        FloatVector k = shifted.sub(12582912f);
        FloatVector r = k.fma(FloatVector.broadcast(Lanes.F, -LN2_HIGH), bounded);
        r = k.fma(FloatVector.broadcast(Lanes.F, -LN2_LOW), r);
        FloatVector p = FloatVector.broadcast(Lanes.F, 1.9875691500e-4f);
        p = p.fma(r, FloatVector.broadcast(Lanes.F, 1.3981999507e-3f));
        p = p.fma(r, FloatVector.broadcast(Lanes.F, 8.3334519073e-3f));
        p = p.fma(r, FloatVector.broadcast(Lanes.F, 4.1665795894e-2f));
        p = p.fma(r, FloatVector.broadcast(Lanes.F, 1.6666665459e-1f));
        p = p.fma(r, FloatVector.broadcast(Lanes.F, 5.0000001201e-1f));
        p = p.fma(r.mul(r), r).add(1f);
        // Its sum with the exponent of p multiplies by 2^k; the bits above are shifted out.
        IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return p.reinterpretAsInts().add(power).reinterpretAsFloats();
    }
}
