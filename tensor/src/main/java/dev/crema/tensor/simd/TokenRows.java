package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Brings the rows of tokens to where their experts work on them, and adds up what comes back. */
public final class TokenRows {
    private static final long GRAIN = 32;

    private TokenRows() {}

    /**
     * Copies to row {@code r} the row of its token, {@code choiceOf[r] / perToken}; zeros where that is negative.
     *
     * @param choiceOf one for each row of {@code rows}
     */
    public static void gather(Rows tokens, int[] choiceOf, int perToken, Rows rows) {
        long bytes = (long) rows.columns() * (rows.wide() ? 4 : 2);
        Crew.run(rows.count(), GRAIN, (part, r) -> {
            int choice = choiceOf[(int) r];
            if (choice < 0) {
                Lanes.MEMORY.asSlice(rows.at(r, 0), bytes).fill((byte) 0);
            } else {
                MemorySegment.copy(Lanes.MEMORY, tokens.at(choice / perToken, 0), Lanes.MEMORY, rows.at(r, 0), bytes);
            }
        });
    }

    /**
     * Writes for each token the sum, in fp32, of the rows of its choices, {@code rowOf[token * perToken + k]}; a negative
     * one adds nothing.
     */
    public static void sum(Rows rows, int[] rowOf, int perToken, Rows tokens) {
        Crew.run(tokens.count(), GRAIN, (part, t) -> sumOf(rows, rowOf, (int) t * perToken, perToken, tokens, t));
    }

    private static void sumOf(Rows rows, int[] rowOf, int first, int perToken, Rows tokens, long token) {
        int bound = F.loopBound(tokens.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector sum = FloatVector.zero(F);
            for (int k = first; k < first + perToken; k++) if (rowOf[k] >= 0) sum = sum.add(rows.load(rowOf[k], i));
            tokens.store(token, i, sum);
        }
        for (int i = bound; i < tokens.columns(); i++) {
            float sum = 0;
            for (int k = first; k < first + perToken; k++) if (rowOf[k] >= 0) sum += rows.get(rowOf[k], i);
            tokens.set(token, i, sum);
        }
    }
}
