package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The rotation of rotary position embedding, for heads that lie side by side in a row.
 *
 * <p>In the first {@code r} dimensions of each head, dimension {@code i} of the first half and {@code i} of the second
 * half turn by the row's angle; the others stay.
 */
public final class RotaryRows {
    private static final long GRAIN = 8;

    private RotaryRows() {}

    /**
     * Writes the rows turned.
     *
     * @param x {@code [n, heads size]}
     * @param cos {@code [n, r / 2]} fp32
     * @param sin {@code [n, r / 2]} fp32
     * @param sign 1, or -1 for the opposite angle
     */
    public static void turn(Rows x, Rows cos, Rows sin, int heads, float sign, Rows y) {
        Crew.run(x.count(), GRAIN, (part, row) -> {
            for (int head = 0; head < heads; head++) turnHead(x, row, head, heads, cos, sin, sign, y);
        });
    }

    private static void turnHead(Rows x, long row, int head, int heads, Rows cos, Rows sin, float sign, Rows y) {
        int half = cos.columns(), bound = F.loopBound(half), size = x.columns() / heads;
        int first = head * size, second = first + half;
        for (int i = 0; i < bound; i += N) {
            FloatVector c = cos.load(row, i), s = sin.load(row, i).mul(sign);
            FloatVector a = x.load(row, first + i), b = x.load(row, second + i);
            y.store(row, first + i, a.mul(c).sub(b.mul(s)));
            y.store(row, second + i, b.mul(c).add(a.mul(s)));
        }
        for (int i = bound; i < half; i++) {
            float c = cos.get(row, i), s = sin.get(row, i) * sign;
            float a = x.get(row, first + i), b = x.get(row, second + i);
            y.set(row, first + i, a * c - b * s);
            y.set(row, second + i, b * c + a * s);
        }
        for (int i = first + 2 * half; i < first + size; i++) y.set(row, i, x.get(row, i));
    }
}
