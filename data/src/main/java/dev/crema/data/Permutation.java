package dev.crema.data;

/**
 * A keyed permutation of {@code [0, size)}: a shuffled order of any length in no memory, with random access.
 *
 * <p>A balanced Feistel network permutes the smallest even-bit domain that holds {@code size}; a value that falls outside
 * is put through again until it falls inside (cycle walking), which keeps it a permutation. The domain is under four times
 * {@code size}, so that fewer than four rounds are walked on average.
 *
 * <p>M. Luby, C. Rackoff, "How to construct pseudorandom permutations from pseudorandom functions", 1988; J. Black,
 * P. Rogaway, "Ciphers with arbitrary finite domains", 2002.
 */
final class Permutation {
    private static final int ROUNDS = 6;

    private final long size;
    private final int halfBits;
    private final long halfMask;
    private final long[] keys = new long[ROUNDS];

    Permutation(long size, long seed) {
        if (size < 1) {
            throw new IllegalArgumentException("a permutation needs at least one element, not " + size);
        }
        this.size = size;
        int bits = Math.max(2, Long.SIZE - Long.numberOfLeadingZeros(size - 1));
        this.halfBits = (bits + 1) / 2;
        this.halfMask = (1L << halfBits) - 1;
        for (int round = 0; round < ROUNDS; round++) {
            keys[round] = Mix.mix(seed, round);
        }
    }

    /** Returns where {@code index} goes. */
    long apply(long index) {
        long value = index;
        do {
            value = feistel(value);
        } while (value >= size);
        return value;
    }

    private long feistel(long value) {
        long left = value >>> halfBits;
        long right = value & halfMask;
        for (long key : keys) {
            long next = left ^ (Mix.mix(key, right) & halfMask);
            left = right;
            right = next;
        }
        return left << halfBits | right;
    }
}
