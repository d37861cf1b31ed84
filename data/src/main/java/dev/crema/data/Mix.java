package dev.crema.data;

/**
 * The finaliser of SplitMix64: a random function of its arguments, so that the n-th random number of a seed needs no state.
 *
 * <p>G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014.
 */
final class Mix {
    private Mix() {}

    static long mix(long seed, long index) {
        long z = seed + (index + 1) * 0x9E3779B97F4A7C15L;
        z = scramble(z);
        return scramble(z ^ 0x632BE59BD9B4E019L);
    }

    /** Returns a number in {@code [0, bound)}. */
    static long below(long seed, long index, long bound) {
        return Math.unsignedMultiplyHigh(mix(seed, index), bound);
    }

    /** Returns a number in {@code [0, 1)}. */
    static double unit(long seed, long index) {
        return (mix(seed, index) >>> 11) * 0x1.0p-53;
    }

    private static long scramble(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
