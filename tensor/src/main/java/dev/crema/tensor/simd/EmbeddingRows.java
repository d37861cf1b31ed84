package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The gradient of looking rows up: each output row's gradient is added to the row that was looked up.
 *
 * <p>Tokens are sorted by id first, so that a row is read and written once however often it was looked up, its sum is kept
 * in fp32, and no two threads meet in a row.
 */
public final class EmbeddingRows {
    private static final long GRAIN = 64;

    private EmbeddingRows() {}

    /**
     * Adds {@code gradient[i]} to {@code target[ids[i]]}.
     *
     * @param ids in {@code [0, target.count())}, one for each row of the gradient
     */
    public static void add(Rows gradient, int[] ids, Rows target) {
        int rows = (int) target.count();
        int[] begins = new int[rows + 1];
        for (int id : ids) begins[id + 1]++;
        for (int row = 0; row < rows; row++) begins[row + 1] += begins[row];
        int[] next = begins.clone(), order = new int[ids.length];
        for (int i = 0; i < ids.length; i++) order[next[ids[i]]++] = i;
        Crew.run(rows, GRAIN, (part, r) -> {
            int row = (int) r, from = begins[row], to = begins[row + 1];
            if (from < to) addRow(gradient, order, from, to, target, row);
        });
    }

    private static void addRow(Rows gradient, int[] order, int from, int to, Rows target, int row) {
        int bound = F.loopBound(target.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector sum = target.load(row, i);
            for (int k = from; k < to; k++) sum = sum.add(gradient.load(order[k], i));
            target.store(row, i, sum);
        }
        for (int i = bound; i < target.columns(); i++) {
            float sum = target.get(row, i);
            for (int k = from; k < to; k++) sum += gradient.get(order[k], i);
            target.set(row, i, sum);
        }
    }
}
