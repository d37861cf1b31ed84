package dev.crema.tensor;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Which rows go to which expert: the choices of all tokens, sorted by expert.
 *
 * <p>Each expert has a stretch of rows, one for each token that chose it, in the order of the tokens. A choice beyond an
 * expert's capacity has no row: it is dropped, and the token goes without it. What is computed grows with the choices, not
 * with the experts. A stretch is filled up to a multiple of sixteen rows where it is long: a library compiles a product for
 * each number of rows it meets, and would compile for ever.
 */
public final class Dispatch {
    private static final int NONE = -1;
    private static final int ALIGNMENT = 16;

    private final int perToken;
    private final int[] begins;
    private final int[] choiceOf;
    private final int[] rowOf;
    private final int[] busy;
    private final int dropped;

    private Dispatch(int perToken, int[] begins, int[] choiceOf, int[] rowOf, int[] busy, int dropped) {
        this.perToken = perToken;
        this.begins = begins;
        this.choiceOf = choiceOf;
        this.rowOf = rowOf;
        this.busy = busy;
        this.dropped = dropped;
    }

    /**
     * Sorts choices by expert.
     *
     * @param choices {@code [N, K]} the experts of each token, the best first, each in {@code [0, experts)}
     * @param perToken choices K of a token
     * @param capacity the most rows of an expert; first choices are served before second ones, early tokens before late
     */
    public static Dispatch of(long[] choices, int perToken, int experts, int capacity) {
        int tokens = choices.length / perToken;
        int[] loads = new int[experts];
        boolean[] served = new boolean[choices.length];
        int dropped = 0;
        for (int k = 0; k < perToken; k++) {
            for (int i = k; i < choices.length; i += perToken) {
                int expert = Math.toIntExact(choices[i]);
                served[i] = loads[expert] < capacity;
                if (served[i]) loads[expert]++;
                else dropped++;
            }
        }
        int alignment = choices.length / experts < ALIGNMENT ? 1 : ALIGNMENT;
        int[] begins = new int[experts + 1];
        for (int e = 0; e < experts; e++) {
            begins[e + 1] = begins[e] + (loads[e] + alignment - 1) / alignment * alignment;
        }
        int[] choiceOf = new int[begins[experts]], rowOf = new int[choices.length], next = begins.clone();
        Arrays.fill(choiceOf, NONE);
        for (int i = 0; i < tokens * perToken; i++) {
            rowOf[i] = served[i] ? next[(int) choices[i]]++ : NONE;
            if (served[i]) choiceOf[rowOf[i]] = i;
        }
        // The longest first, so that threads that take one after the other end together.
        int[] busy = IntStream.range(0, experts)
                .filter(e -> loads[e] > 0)
                .boxed()
                .sorted((a, b) -> loads[b] - loads[a])
                .mapToInt(Integer::intValue)
                .toArray();
        return new Dispatch(perToken, begins, choiceOf, rowOf, busy, dropped);
    }

    /** Returns how many choices found no room. */
    public int dropped() {
        return dropped;
    }

    /** Returns the number of rows R, those that only fill up included. */
    public int rows() {
        return choiceOf.length;
    }

    int perToken() {
        return perToken;
    }

    /** Returns the experts that have rows, those with the most first. */
    int[] busy() {
        return busy;
    }

    int begin(int expert) {
        return begins[expert];
    }

    int rows(int expert) {
        return begins[expert + 1] - begins[expert];
    }

    /** Returns, for each row, which choice {@code token * K + k} it serves; negative for a row that only fills up. */
    int[] choiceOf() {
        return choiceOf;
    }

    /** Returns, for each choice, its row; negative if it was dropped. */
    int[] rowOf() {
        return rowOf;
    }
}
