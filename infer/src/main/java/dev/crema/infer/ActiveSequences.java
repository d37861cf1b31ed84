package dev.crema.infer;

import dev.crema.tensor.LogitRows;
import dev.crema.tensor.simd.Crew;
import java.util.ArrayList;
import java.util.List;

/** The sequences of a batch that are still being written. */
record ActiveSequences(List<Sequence> list) {
    /** Share of a cache's rows in use at which those that have ended are dropped. */
    private static final double PACK_BELOW = 0.75;

    /** Logits below which choosing on another core does not pay. */
    private static final int CHOSEN_ALONE = 8192;

    boolean isEmpty() {
        return list.isEmpty();
    }

    /** Returns the row of each sequence in the cache. */
    int[] rows() {
        return list.stream().mapToInt(sequence -> sequence.row).toArray();
    }

    /** Returns what to run next in each of a cache's rows; anything in rows that have ended. */
    int[] lastTokens(int rows) {
        int[] ids = new int[rows];
        for (Sequence sequence : list) ids[sequence.row] = sequence.lastToken();
        return ids;
    }

    /** Chooses the next token of each sequence from its row of logits, on all cores; returns those that go on. */
    ActiveSequences choose(LogitRows logits, int[] rows, TokenListener listener) {
        Sampler.Choice[] choices = new Sampler.Choice[rows.length];
        int parts = Crew.parts(rows.length, Math.max(1, CHOSEN_ALONE / logits.vocabulary()));
        float[][] buffers = new float[parts][logits.vocabulary()];
        Crew.runParts(rows.length, parts, (part, i) -> {
            logits.read(rows[(int) i], buffers[part]);
            choices[(int) i] = list.get((int) i).choose(buffers[part]);
        });
        List<Sequence> going = new ArrayList<>(list.size());
        for (int i = 0; i < choices.length; i++) {
            if (list.get(i).take(choices[i], listener)) going.add(list.get(i));
        }
        return new ActiveSequences(going);
    }

    /** Tells whether so many of a cache's rows have ended that dropping them pays. */
    boolean sparse(int rows) {
        return list.size() <= PACK_BELOW * rows;
    }

    /** Gives the sequences the first rows, and returns the rows that they had. */
    int[] pack() {
        int[] rows = rows();
        for (int i = 0; i < list.size(); i++) list.get(i).row = i;
        return rows;
    }
}
