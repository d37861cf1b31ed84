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

    /** Adding 1.5 * 2^23 rounds to the nearest whole number, which then stands in the lowest bits. */
    private static final float SHIFT = 12582912f;

    private Exp() {}

    static FloatVector of(FloatVector x) {
        return ofBounded(x.max(-87.3f).min(88.3f));
    }

    private static FloatVector ofBounded(FloatVector bounded) {
        FloatVector shifted = bounded.mul(LOG2E).add(SHIFT);
        return timesPower(polynomial(rest(bounded, shifted.sub(SHIFT))), shifted);
    }

    private static FloatVector rest(FloatVector x, FloatVector k) {
        return horner(k, -LN2_LOW, horner(k, -LN2_HIGH, x));
    }

    /** Returns {@code k c + x}. */
    private static FloatVector horner(FloatVector k, float c, FloatVector x) {
        return k.fma(FloatVector.broadcast(Lanes.F, c), x);
    }

    private static FloatVector polynomial(FloatVector r) {
        return lower(upper(r), r).fma(r.mul(r), r).add(1f);
    }

    private static FloatVector upper(FloatVector r) {
        return step(step(FloatVector.broadcast(Lanes.F, 1.9875691500e-4f), r, 1.3981999507e-3f), r, 8.3334519073e-3f);
    }

    private static FloatVector lower(FloatVector p, FloatVector r) {
        return step(step(step(p, r, 4.1665795894e-2f), r, 1.6666665459e-1f), r, 5.0000001201e-1f);
    }

    private static FloatVector step(FloatVector p, FloatVector r, float c) {
        return p.fma(r, FloatVector.broadcast(Lanes.F, c));
    }

    /** Multiplies by 2^k, k in the lowest bits of {@code shifted}: added to the exponent; the bits above are shifted out. */
    private static FloatVector timesPower(FloatVector p, FloatVector shifted) {
        IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return p.reinterpretAsInts().add(power).reinterpretAsFloats();
    }
}
