package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/** Sums the rows of a matrix: the gradient of a bias that is added to each. */
public final class ColumnSums {
    private static final long GRAIN = 64;

    private ColumnSums() {}

    /** Returns the sum of each column, in fp32. */
    public static float[] of(Rows rows) {
        int parts = Crew.parts(rows.count(), GRAIN);
        float[][] sums = new float[parts][rows.columns()];
        Crew.runParts(rows.count(), parts, (part, row) -> add(rows, row, sums[part]));
        // Summed in the order of the parts, so that the result does not depend on who was faster.
        for (int part = 1; part < parts; part++) {
            for (int i = 0; i < rows.columns(); i++) sums[0][i] += sums[part][i];
        }
        return sums[0];
    }

    private static void add(Rows rows, long row, float[] sums) {
        int bound = F.loopBound(rows.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector.fromArray(F, sums, i).add(rows.load(row, i)).intoArray(sums, i);
        }
        for (int i = bound; i < rows.columns(); i++) sums[i] += rows.get(row, i);
    }
}
