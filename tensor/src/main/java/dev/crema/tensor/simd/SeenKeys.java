package dev.crema.tensor.simd;

import dev.crema.tensor.machine.Panels;

/**
 * Which keys of its row each query sees: those of a trunk that several branches share, {@code [first, trunk)}, and those of
 * its own branch, from {@code own} to itself. Each is given for the tokens of a batch, row after row, and
 * {@code first <= trunk <= own}.
 */
public record SeenKeys(int[] first, int[] trunk, int[] own) {
    public SeenKeys {
        if (trunk.length != first.length || own.length != first.length) {
            throw new IllegalArgumentException(first.length + ", " + trunk.length + " and " + own.length + " tokens");
        }
    }

    /** Returns that each query sees the keys from the first to itself. */
    public static SeenKeys from(int[] first) {
        return new SeenKeys(first, first, first);
    }

    /**
     * What some queries see, up to whole panels.
     *
     * @param low the first key
     * @param gap where a gap begins that none sees; the first key, if there is none
     * @param resumed where it ends
     * @param high behind the last key
     */
    record Stretch(int low, int gap, int resumed, int high) {
        /** Returns the first of the keys from {@code key} on that counts. */
        int from(int key) {
            return Math.max(key, key < gap ? low : resumed);
        }

        /** Returns where a block of keys that begins with {@code key} ends, of at most so many. */
        int end(int key, int most) {
            return Math.min(key + most, key < gap ? gap : high);
        }

        /** Returns the key with which the next block begins. */
        int next(int end) {
            return end == gap ? resumed : end;
        }
    }

    /**
     * Returns what queries of a row see.
     *
     * @param begin of the row among all tokens
     * @param from the first query's token in the row
     */
    Stretch of(int begin, int from, int count) {
        int low = from, trunkEnd = 0, resumed = from;
        for (int i = begin + from; i < begin + from + count; i++) {
            boolean both = first[i] < trunk[i];
            low = Math.min(low, both ? first[i] : own[i]);
            if (both) trunkEnd = Math.max(trunkEnd, trunk[i]);
            resumed = Math.min(resumed, own[i]);
        }
        int gap = up(Math.max(trunkEnd, low)), again = down(resumed);
        return gap < again
                ? new Stretch(down(low), gap, again, up(from + count))
                : new Stretch(down(low), down(low), down(low), up(from + count));
    }

    private static int down(int token) {
        return token / Panels.COLUMNS * Panels.COLUMNS;
    }

    private static int up(int token) {
        return Math.ceilDiv(token, Panels.COLUMNS) * Panels.COLUMNS;
    }
}
