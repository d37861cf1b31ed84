package dev.crema.text.bpe;

import dev.crema.text.bpe.BpeProgress.Stage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Learns merges from counted words.
 *
 * <p>All words lie in one array of symbols. A merge visits only the words that hold its pair and changes only the counts
 * of the pairs beside it, so a step costs what it changes and not the corpus (the speed-up of Sennrich's
 * {@code learn_bpe.py}). Symbols are token ids: bytes first, each merge the next; two merges may spell the same token,
 * which then has one id.
 */
final class MergeLearner {
    private final List<byte[]> tokens = new ArrayList<>();
    private final Map<String, Integer> idOfToken = new HashMap<>();
    private final List<TrainedBpe.Merge> merges = new ArrayList<>();
    private final PairTable table = new PairTable();
    private final PairHeap heap = new PairHeap(table, tokens);

    private final int[] starts;
    private final int[] lengths;
    private final long[] counts;
    private final int[] symbols;

    MergeLearner(WordCounts words) {
        for (int value : ByteAlphabet.order()) {
            addToken(new byte[] {(byte) value});
        }
        int size = words.size();
        starts = new int[size];
        lengths = new int[size];
        counts = new long[size];
        symbols = new int[Math.toIntExact(words.bytes())];
        int at = 0;
        for (int i = 0; i < size; i++) {
            starts[i] = at;
            lengths[i] = words.length(i);
            counts[i] = words.count(i);
            for (int k = 0; k < lengths[i]; k++) {
                symbols[at++] = ByteAlphabet.rank(words.at(i, k));
            }
        }
    }

    /** Give the bytes of every token, without special ones; the index of a token is its symbol. */
    List<byte[]> tokens() {
        return tokens;
    }

    /** Count the different words. */
    int words() {
        return starts.length;
    }

    List<TrainedBpe.Merge> merges() {
        return merges;
    }

    /** Merge until there are this many tokens or no pair is left. */
    void learn(int vocabulary, BpeProgress progress) {
        for (int word = 0; word < starts.length; word++) {
            for (int i = starts[word]; i < starts[word] + lengths[word] - 1; i++) {
                table.hold(table.add(symbols[i], symbols[i + 1], counts[word]), word);
            }
        }
        for (int pair = 0; pair < table.size(); pair++) {
            heap.push(pair);
        }
        while (tokens.size() < vocabulary) {
            int pair = heap.pop();
            if (pair < 0) {
                break;
            }
            merge(pair);
            if (tokens.size() % 64 == 0 || tokens.size() == vocabulary) {
                progress.update(Stage.MERGING, tokens.size(), vocabulary);
            }
        }
    }

    private void merge(int pair) {
        int first = table.first(pair);
        int second = table.second(pair);
        byte[] left = tokens.get(first);
        byte[] right = tokens.get(second);
        byte[] joined = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, joined, left.length, right.length);
        int merged = addToken(joined);
        merges.add(new TrainedBpe.Merge(left, right));

        var grown = new Grown();
        for (int word : table.remove(pair)) {
            merge(word, first, second, merged, grown);
        }
        table.remove(pair);
        grown.push();
    }

    /** Replace the pair in one word from left to right. */
    private void merge(int word, int first, int second, int merged, Grown grown) {
        int start = starts[word];
        int end = start + lengths[word];
        long count = counts[word];
        int write = start;
        int read = start;
        while (read < end) {
            if (read + 1 == end || symbols[read] != first || symbols[read + 1] != second) {
                symbols[write++] = symbols[read++];
                continue;
            }
            if (write > start) {
                int before = symbols[write - 1];
                table.add(before, first, -count);
                grown.add(before, merged, count, word);
            }
            read += 2;
            if (read < end) {
                int after = symbols[read];
                table.add(second, after, -count);
                grown.add(merged, after, count, word);
            }
            symbols[write++] = merged;
        }
        lengths[word] = write - start;
    }

    private int addToken(byte[] bytes) {
        String key = new String(bytes, StandardCharsets.ISO_8859_1);
        Integer known = idOfToken.putIfAbsent(key, tokens.size());
        if (known != null) {
            return known;
        }
        tokens.add(bytes);
        return tokens.size() - 1;
    }

    /** Collects the pairs that a merge made, to be pushed once their counts are final. */
    private final class Grown {
        private int[] pairs = new int[16];
        private int size;

        void add(int first, int second, long count, int word) {
            int pair = table.add(first, second, count);
            table.hold(pair, word);
            if (size == pairs.length) {
                pairs = Arrays.copyOf(pairs, size * 2);
            }
            pairs[size++] = pair;
        }

        void push() {
            Arrays.sort(pairs, 0, size);
            for (int i = 0; i < size; i++) {
                if (i == 0 || pairs[i] != pairs[i - 1]) {
                    heap.push(pairs[i]);
                }
            }
        }
    }
}
