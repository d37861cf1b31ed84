package dev.crema.model.checkpoint.gguf;

/**
 * Says where the rows of a checkpoint's tensor lie in a GGUF file.
 *
 * <p>Rotation turns pairs of dimensions of a head. Hugging Face's pairs are i and i + d/2, those of the first LLaMA and
 * of ggml's {@code llama} are 2i and 2i + 1; so its conversion lays the rows of queries and keys in another order.
 */
sealed interface RowOrder {
    /** The rows are in the same order. */
    record Same() implements RowOrder {}

    /** The halves of each head, {@code headSize} rows, are interleaved. */
    record Interleaved(int headSize) implements RowOrder {}

    /** Returns the row in the file of row {@code row} of the checkpoint. */
    default long inFile(long row) {
        return switch (this) {
            case Same same -> row;
            case Interleaved(int size) -> {
                long in = row % size, half = size / 2;
                yield row - in + in % half * 2 + in / half;
            }
        };
    }

    /** Returns the row of the checkpoint that lies at row {@code row} of the file. */
    default long inCheckpoint(long row) {
        return switch (this) {
            case Same same -> row;
            case Interleaved(int size) -> {
                long in = row % size, half = size / 2;
                yield row - in + in % 2 * half + in / 2;
            }
        };
    }
}
