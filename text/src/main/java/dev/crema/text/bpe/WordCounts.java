package dev.crema.text.bpe;

import java.util.Arrays;

/**
 * Counts words given as bytes: an open-addressing table without an object per word.
 *
 * <p>A table over a block leaves its words where they lie in the block; any other copies them together.
 */
final class WordCounts {
    private final boolean copies;
    private byte[] home;
    private int used;
    private int[] starts = new int[64];
    private int[] lengths = new int[64];
    private int[] hashes = new int[64];
    private long[] counts = new long[64];
    private int[] slots = new int[128];
    private int size;
    private long bytes;

    /** Count words that all lie in this block, copying none. */
    WordCounts(byte[] block) {
        home = block;
        copies = false;
    }

    /** Count words from anywhere, copying each once. */
    WordCounts() {
        home = new byte[1 << 12];
        copies = true;
    }

    int size() {
        return size;
    }

    /** Sum the lengths of the different words. */
    long bytes() {
        return bytes;
    }

    long count(int word) {
        return counts[word];
    }

    int length(int word) {
        return lengths[word];
    }

    byte at(int word, int position) {
        return home[starts[word] + position];
    }

    /** Count a word {@code times} more. */
    void add(byte[] text, int from, int to, long times) {
        add(text, from, to, hash(text, from, to), times);
    }

    /** Count everything that another table counted. */
    void addAll(WordCounts other) {
        for (int i = 0; i < other.size; i++) {
            int from = other.starts[i];
            add(other.home, from, from + other.lengths[i], other.hashes[i], other.counts[i]);
        }
    }

    /** Give the words counted more than {@code least} times, in the same order. */
    WordCounts moreFrequentThan(long least) {
        var kept = new WordCounts();
        for (int i = 0; i < size; i++) {
            if (counts[i] > least) {
                kept.add(home, starts[i], starts[i] + lengths[i], hashes[i], counts[i]);
            }
        }
        return kept;
    }

    private void add(byte[] text, int from, int to, int hash, long times) {
        int mask = slots.length - 1;
        int slot = hash & mask;
        int length = to - from;
        while (slots[slot] != 0) {
            int i = slots[slot] - 1;
            if (hashes[i] == hash
                    && lengths[i] == length
                    && Arrays.equals(home, starts[i], starts[i] + length, text, from, to)) {
                counts[i] += times;
                return;
            }
            slot = slot + 1 & mask;
        }
        if (size == starts.length) {
            int room = size * 2;
            starts = Arrays.copyOf(starts, room);
            lengths = Arrays.copyOf(lengths, room);
            hashes = Arrays.copyOf(hashes, room);
            counts = Arrays.copyOf(counts, room);
        }
        starts[size] = copies ? copy(text, from, length) : from;
        lengths[size] = length;
        hashes[size] = hash;
        counts[size] = times;
        slots[slot] = ++size;
        bytes += length;
        if (size * 2 > slots.length) {
            rehash();
        }
    }

    private int copy(byte[] text, int from, int length) {
        if (used + length > home.length) {
            long room = Math.max(used + (long) length, home.length + (home.length >> 1));
            home = Arrays.copyOf(home, (int) Math.min(room, Integer.MAX_VALUE - 8));
        }
        System.arraycopy(text, from, home, used, length);
        used += length;
        return used - length;
    }

    private void rehash() {
        slots = new int[slots.length * 2];
        int mask = slots.length - 1;
        for (int i = 0; i < size; i++) {
            int slot = hashes[i] & mask;
            while (slots[slot] != 0) {
                slot = slot + 1 & mask;
            }
            slots[slot] = i + 1;
        }
    }

    private static int hash(byte[] text, int from, int to) {
        int hash = to - from;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + text[i];
        }
        hash *= 0x9E3779B1;
        return hash ^ hash >>> 15;
    }
}
