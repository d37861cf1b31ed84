package dev.crema.data;

/**
 * Rows of token ids for one step, row after row in each array; all arrays {@code [B * T]}.
 *
 * @param rows B
 * @param columns T
 * @param ids the tokens that the model reads; 0 in padding
 * @param targets the token that follows each of them; {@link #NO_LOSS} where none is to be predicted
 * @param positions the place of each token in its document (or its piece of one), for position embeddings
 * @param documents which document of its row each token belongs to, from 0 up; {@link #PADDING} where there is none.
 *     A token may attend to those of its own document alone
 * @param tokens how many ids are no padding
 */
public record Batch(int rows, int columns, int[] ids, int[] targets, int[] positions, int[] documents, long tokens) {
    /** The target where there is no loss, as PyTorch's {@code ignore_index}. */
    public static final int NO_LOSS = -100;

    /** The document number of padding. */
    public static final int PADDING = -1;

    public Batch {
        int size = Math.multiplyExact(rows, columns);
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException("a batch of " + rows + " rows of " + columns + " columns is empty");
        }
        if (ids.length != size || targets.length != size || positions.length != size || documents.length != size) {
            throw new IllegalArgumentException("the arrays of a batch of " + rows + " x " + columns + " hold "
                    + ids.length + ", " + targets.length + ", " + positions.length + " and " + documents.length
                    + " values");
        }
        if (tokens < 0 || tokens > size) {
            throw new IllegalArgumentException(tokens + " tokens in a batch of " + size);
        }
    }

    /** Counts the targets that bear loss. */
    public long lossTokens() {
        long count = 0;
        for (int target : targets) {
            count += target == NO_LOSS ? 0 : 1;
        }
        return count;
    }

    /** Returns the share of the batch that is padding, in [0, 1). */
    public double padding() {
        return 1 - (double) tokens / ids.length;
    }
}
