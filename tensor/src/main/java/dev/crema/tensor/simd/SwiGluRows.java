package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The gate {@code silu(a) b} of rows that hold {@code a} and then {@code b}, and its gradient.
 *
 * <p>With {@code s = sigmoid(a)}: {@code da = g b s (1 + a (1 - s))}, {@code db = g a s}.
 */
public final class SwiGluRows {
    private static final long GRAIN = 8;

    private SwiGluRows() {}

    /** Writes {@code y [n, width]} from {@code x [n, 2 width]}. */
    public static void forward(Rows x, Rows y) {
        int width = y.columns();
        Rows a = x.part(0, width), b = x.part(width, width);
        Crew.run(y.count(), GRAIN, (from, to) -> {
            for (long row = from; row < to; row++) forwardRow(a, b, row, y);
        });
    }

    private static void forwardRow(Rows a, Rows b, long row, Rows y) {
        int bound = F.loopBound(y.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector gate = a.load(row, i);
            y.store(row, i, gate.mul(sigmoid(gate)).mul(b.load(row, i)));
        }
        for (int i = bound; i < y.columns(); i++) {
            float gate = a.get(row, i);
            y.set(row, i, gate * sigmoid(gate) * b.get(row, i));
        }
    }

    /** Writes the gradient of {@code x} from that of {@code y}. */
    public static void backward(Rows x, Rows gradient, Rows dx) {
        int width = gradient.columns();
        Rows a = x.part(0, width), b = x.part(width, width);
        Rows da = dx.part(0, width), db = dx.part(width, width);
        Crew.run(gradient.count(), GRAIN, (from, to) -> {
            for (long row = from; row < to; row++) backwardRow(a, b, row, gradient, da, db);
        });
    }

    private static void backwardRow(Rows a, Rows b, long row, Rows gradient, Rows da, Rows db) {
        int bound = F.loopBound(gradient.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector gate = a.load(row, i), g = gradient.load(row, i), s = sigmoid(gate);
            FloatVector slope = gate.mul(s.neg().add(1)).add(1).mul(s);
            da.store(row, i, g.mul(b.load(row, i)).mul(slope));
            db.store(row, i, g.mul(gate).mul(s));
        }
        for (int i = bound; i < gradient.columns(); i++) {
            float gate = a.get(row, i), g = gradient.get(row, i), s = sigmoid(gate);
            da.set(row, i, g * b.get(row, i) * s * (1 + gate * (1 - s)));
            db.set(row, i, g * gate * s);
        }
    }

    private static FloatVector sigmoid(FloatVector x) {
        FloatVector one = FloatVector.broadcast(F, 1);
        return one.div(Exp.of(x.neg()).add(1));
    }

    private static float sigmoid(float x) {
        return (float) (1 / (1 + Math.exp(-x)));
    }
}
