package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The heads of a projection's rows, which turn by the angles of their row.
 *
 * @param size d of a head
 */
record TurnedHeads(Rows rows, HeadRows.Turn turn, int size) {
    /** Reads a head of a row, turns it and scales it. */
    void read(int row, int column, float scale, float[] to, int at) {
        int done = 0;
        if (turn instanceof HeadRows.Turn.By(Rows cos, Rows sin, float sign)) {
            int half = cos.columns(), bound = F.loopBound(half);
            for (int i = 0; i < bound; i += N) {
                FloatVector c = cos.load(row, i).mul(scale),
                        s = sin.load(row, i).mul(sign * scale);
                FloatVector a = rows.load(row, column + i), b = rows.load(row, column + half + i);
                a.mul(c).sub(b.mul(s)).intoArray(to, at + i);
                b.mul(c).add(a.mul(s)).intoArray(to, at + half + i);
            }
            for (int i = bound; i < half; i++) {
                float c = cos.get(row, i) * scale, s = sin.get(row, i) * sign * scale;
                float a = rows.get(row, column + i), b = rows.get(row, column + half + i);
                to[at + i] = a * c - b * s;
                to[at + half + i] = b * c + a * s;
            }
            done = 2 * half;
        }
        for (int i = done; i < size; i++) to[at + i] = rows.get(row, column + i) * scale;
    }
}
