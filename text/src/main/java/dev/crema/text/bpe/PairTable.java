package dev.crema.text.bpe;

import java.util.Arrays;

/** Counts pairs of neighbouring symbols and remembers which words hold each: open addressing over packed pairs. */
final class PairTable {
    private static final int[] NONE = {};

    private long[] pairs = new long[1024];
    private long[] counts = new long[1024];
    private int[][] words = new int[1024][];
    private int[] wordCounts = new int[1024];
    private int[] slots = new int[2048];
    private int size;

    static long pack(int first, int second) {
        return (long) first << 32 | second;
    }

    int size() {
        return size;
    }

    int first(int pair) {
        return (int) (pairs[pair] >>> 32);
    }

    int second(int pair) {
        return (int) pairs[pair];
    }

    long count(int pair) {
        return counts[pair];
    }

    /** Count a pair {@code times} more, here negative for fewer; give its index. */
    int add(int first, int second, long times) {
        int pair = index(pack(first, second));
        counts[pair] += times;
        return pair;
    }

    /** Note that a word holds the pair; asking twice in a row notes it once. */
    void hold(int pair, int word) {
        int count = wordCounts[pair];
        int[] holders = words[pair];
        if (count > 0 && holders[count - 1] == word) {
            return;
        }
        if (count == holders.length) {
            holders = Arrays.copyOf(holders, Math.max(2, count + (count >> 1)));
            words[pair] = holders;
        }
        holders[count] = word;
        wordCounts[pair] = count + 1;
    }

    /** Forget a pair that no word holds any longer; give the words that held it, some perhaps more than once. */
    int[] remove(int pair) {
        int[] holders = Arrays.copyOf(words[pair], wordCounts[pair]);
        counts[pair] = 0;
        words[pair] = NONE;
        wordCounts[pair] = 0;
        return holders;
    }

    private int index(long pair) {
        int mask = slots.length - 1;
        int slot = hash(pair) & mask;
        while (slots[slot] != 0) {
            int index = slots[slot] - 1;
            if (pairs[index] == pair) {
                return index;
            }
            slot = slot + 1 & mask;
        }
        if (size == pairs.length) {
            int room = size * 2;
            pairs = Arrays.copyOf(pairs, room);
            counts = Arrays.copyOf(counts, room);
            words = Arrays.copyOf(words, room);
            wordCounts = Arrays.copyOf(wordCounts, room);
        }
        pairs[size] = pair;
        words[size] = NONE;
        slots[slot] = ++size;
        if (size * 2 > slots.length) {
            rehash();
        }
        return size - 1;
    }

    private void rehash() {
        slots = new int[slots.length * 2];
        int mask = slots.length - 1;
        for (int i = 0; i < size; i++) {
            int slot = hash(pairs[i]) & mask;
            while (slots[slot] != 0) {
                slot = slot + 1 & mask;
            }
            slots[slot] = i + 1;
        }
    }

    private static int hash(long pair) {
        long mixed = pair * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32);
    }
}
