package dev.crema.text.bpe;

/** Hears how far a training is; called often, from the thread that trains. */
@FunctionalInterface
public interface BpeProgress {
    /** The two parts of a training. */
    enum Stage {
        /** Counts bytes of text; the total is 0 where it cannot be known. */
        COUNTING,
        /** Counts entries of the vocabulary. */
        MERGING
    }

    /** Report that {@code done} of {@code total} is done. */
    void update(Stage stage, long done, long total);
}
