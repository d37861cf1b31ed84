package dev.crema.data;

import java.util.Arrays;
import java.util.List;

/**
 * Pairs of texts for one step of an encoder-decoder, padded on the right; row after row in each array.
 *
 * @param rows B
 * @param inputColumns S
 * @param inputs {@code [B * S]} what the encoder reads
 * @param inputLengths tokens of each row; the rest is padding
 * @param columns T
 * @param decoderIds {@code [B * T]} what the decoder reads: the start token, then the target without its last token
 * @param targets {@code [B * T]} what the decoder is to write; {@link Batch#NO_LOSS} in padding
 */
public record PairBatch(
        int rows, int inputColumns, int[] inputs, int[] inputLengths, int columns, int[] decoderIds, int[] targets) {
    /** A text to read and the text to write about it, each with the token that ends it. */
    public record Pair(int[] input, int[] target) {}

    /** Puts pairs into rows as long as the longest. */
    public static PairBatch of(List<Pair> pairs, int startId) {
        int rows = pairs.size();
        int inputColumns = pairs.stream().mapToInt(p -> p.input().length).max().orElseThrow();
        int columns = pairs.stream().mapToInt(p -> p.target().length).max().orElseThrow();
        int[] inputs = new int[rows * inputColumns], lengths = new int[rows];
        int[] decoderIds = new int[rows * columns], targets = new int[rows * columns];
        Arrays.fill(decoderIds, startId);
        Arrays.fill(targets, Batch.NO_LOSS);
        for (int row = 0; row < rows; row++) {
            Pair pair = pairs.get(row);
            lengths[row] = pair.input().length;
            System.arraycopy(pair.input(), 0, inputs, row * inputColumns, lengths[row]);
            System.arraycopy(pair.target(), 0, targets, row * columns, pair.target().length);
            System.arraycopy(pair.target(), 0, decoderIds, row * columns + 1, pair.target().length - 1);
        }
        return new PairBatch(rows, inputColumns, inputs, lengths, columns, decoderIds, targets);
    }

    /** Counts the targets. */
    public long lossTokens() {
        return Arrays.stream(targets).filter(target -> target != Batch.NO_LOSS).count();
    }

    /** Counts what both sides read. */
    public long tokens() {
        return Arrays.stream(inputLengths).asLongStream().sum() + lossTokens();
    }
}
