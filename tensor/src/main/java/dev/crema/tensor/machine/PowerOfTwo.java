package dev.crema.tensor.machine;

/** {@code 2^x} in each lane of a vector: a polynomial of what is left of the whole number below, moved by that number. */
final class PowerOfTwo {
    static final float LOG2E = 1.44269504f;

    /** For {@code 0 <= x < 1}, to 1e-7 of the power (least squares, weighted for the largest error). */
    private static final float[] POLYNOMIAL = {
        0.00187757656f, 0.00898934038f, 0.0558263178f, 0.240153617f, 0.693153073f, 0.999999925f
    };

    private PowerOfTwo() {}

    /** Computes {@code power} of {@code exponent}, both vectors, with the help of a third; of minus infinity it is zero. */
    static void write(Assembler code, int power, int exponent, int rest) {
        code.fraction(rest, exponent);
        code.multiplyBy(POLYNOMIAL[0], power, rest);
        code.addConstant(POLYNOMIAL[1], power, power);
        for (int i = 2; i < POLYNOMIAL.length; i++) code.horner(power, rest, POLYNOMIAL[i]);
        code.scale(power, power, exponent);
    }
}
