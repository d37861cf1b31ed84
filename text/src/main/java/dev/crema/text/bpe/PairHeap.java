package dev.crema.text.bpe;

import java.util.Arrays;
import java.util.List;

/**
 * Gives the most frequent pair; between equals the one whose bytes are greater.
 *
 * <p>A binary heap whose entries may be stale. A pair that has grown was pushed again, one that has shrunk is pushed
 * anew when its old entry comes up; so the first entry that still tells the truth is the greatest.
 */
final class PairHeap {
    private final PairTable table;
    private final List<byte[]> tokens;
    private int[] pairs = new int[1024];
    private long[] counts = new long[1024];
    private int size;

    PairHeap(PairTable table, List<byte[]> tokens) {
        this.table = table;
        this.tokens = tokens;
    }

    void push(int pair) {
        if (size == pairs.length) {
            pairs = Arrays.copyOf(pairs, size * 2);
            counts = Arrays.copyOf(counts, size * 2);
        }
        long count = table.count(pair);
        int at = size++;
        while (at > 0) {
            int parent = at - 1 >>> 1;
            if (!before(pair, count, pairs[parent], counts[parent])) {
                break;
            }
            pairs[at] = pairs[parent];
            counts[at] = counts[parent];
            at = parent;
        }
        pairs[at] = pair;
        counts[at] = count;
    }

    /** Take the greatest pair, or -1 when no pair is left. */
    int pop() {
        while (size > 0) {
            int pair = pairs[0];
            long claimed = counts[0];
            long count = table.count(pair);
            removeFirst();
            if (count == claimed && count > 0) {
                return pair;
            }
            if (count > 0 && count < claimed) {
                push(pair);
            }
        }
        return -1;
    }

    private void removeFirst() {
        int pair = pairs[--size];
        long count = counts[size];
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && before(pairs[child + 1], counts[child + 1], pairs[child], counts[child])) {
                child++;
            }
            if (!before(pairs[child], counts[child], pair, count)) {
                break;
            }
            pairs[at] = pairs[child];
            counts[at] = counts[child];
            at = child;
        }
        pairs[at] = pair;
        counts[at] = count;
    }

    private boolean before(int pair, long count, int other, long otherCount) {
        if (count != otherCount) {
            return count > otherCount;
        }
        int first = Arrays.compareUnsigned(tokens.get(table.first(pair)), tokens.get(table.first(other)));
        if (first != 0) {
            return first > 0;
        }
        return Arrays.compareUnsigned(tokens.get(table.second(pair)), tokens.get(table.second(other))) > 0;
    }
}
