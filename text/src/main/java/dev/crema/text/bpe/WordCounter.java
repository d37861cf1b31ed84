package dev.crema.text.bpe;

import dev.crema.text.InputException;
import dev.crema.text.bpe.BpeProgress.Stage;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the words of a corpus on all cores, in bounded memory, alike however many cores there are.
 *
 * <p>Each block is counted by itself and added to the whole in the order of the text. When the words would take more
 * than their budget, the rarest are dropped until they take half of it: what is dropped depends on the text alone.
 */
final class WordCounter {
    private static final Logger LOG = LoggerFactory.getLogger(WordCounter.class);

    /** What the merges will need for a word: its bounds and count; and for its bytes: symbols and where pairs occur. */
    private static final int BYTES_PER_WORD = 64;

    private static final int BYTES_PER_BYTE = 14;

    private final BpeTraining training;
    private final SpecialSplitter specials;
    private WordCounts words = new WordCounts();
    private long bytes;
    private long dropped;

    WordCounter(BpeTraining training) {
        this.training = training;
        specials = new SpecialSplitter(training.specialTokens());
    }

    SpecialSplitter specials() {
        return specials;
    }

    /** Give the words away, so that their table can be freed once the merges have copied it. */
    WordCounts takeWords() {
        WordCounts taken = words;
        words = new WordCounts();
        return taken;
    }

    long bytes() {
        return bytes;
    }

    /** Count the occurrences that dropping rare words lost. */
    long dropped() {
        return dropped;
    }

    /** Count all blocks; a total of 0 bytes stands for an unknown one. */
    void count(Iterator<Block> blocks, long total, BpeProgress progress) {
        int cores = Runtime.getRuntime().availableProcessors();
        ExecutorService crew =
                Executors.newFixedThreadPool(cores, Thread.ofPlatform().daemon().factory());
        try {
            Deque<Future<WordCounts>> ahead = new ArrayDeque<>();
            Deque<Integer> lengths = new ArrayDeque<>();
            while (blocks.hasNext() || !ahead.isEmpty()) {
                if (blocks.hasNext() && ahead.size() <= cores) {
                    Block block = blocks.next();
                    lengths.add(block.length());
                    ahead.add(crew.submit(() -> count(block)));
                    continue;
                }
                words.addAll(ahead.remove().get());
                bytes += lengths.remove();
                prune();
                progress.update(Stage.COUNTING, bytes, total);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while counting words", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("Counting words failed", e.getCause());
        } finally {
            crew.shutdownNow();
        }
        if (words.size() == 0) {
            throw new InputException("There is no text to train on");
        }
    }

    private WordCounts count(Block block) {
        var counts = new WordCounts(block.bytes());
        int from = 0;
        for (int end : block.ends()) {
            specials.scan(
                    block.bytes(), from, end, training.pre(), (start, to) -> counts.add(block.bytes(), start, to, 1));
            from = end;
        }
        return counts;
    }

    private void prune() {
        if (memory() <= training.maxMemoryBytes()) {
            return;
        }
        int before = words.size();
        long occurrences = total();
        long least = 0;
        while (memory() > training.maxMemoryBytes() / 2) {
            words = words.moreFrequentThan(++least);
        }
        dropped += occurrences - total();
        LOG.warn(
                "Dropped {} of {} words, seen up to {} times, to stay within {} bytes",
                before - words.size(),
                before,
                least,
                training.maxMemoryBytes());
    }

    private long memory() {
        return BYTES_PER_WORD * (long) words.size() + BYTES_PER_BYTE * words.bytes();
    }

    private long total() {
        long total = 0;
        for (int i = 0; i < words.size(); i++) {
            total += words.count(i);
        }
        return total;
    }
}
