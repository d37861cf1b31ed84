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
        int parts = Crew.parts(y.count(), GRAIN);
        float[][] sigmoids = new float[parts][width];
        Crew.runParts(y.count(), parts, (part, row) -> {
            sigmoids(a, row, sigmoids[part]);
            forwardRow(a, b, row, sigmoids[part], y);
        });
    }

    private static void forwardRow(Rows a, Rows b, long row, float[] sigmoids, Rows y) {
        int bound = F.loopBound(y.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector s = FloatVector.fromArray(F, sigmoids, i);
            y.store(row, i, a.load(row, i).mul(s).mul(b.load(row, i)));
        }
        for (int i = bound; i < y.columns(); i++) y.set(row, i, a.get(row, i) * sigmoids[i] * b.get(row, i));
    }

    /** Writes the gradient of {@code x} from that of {@code y}. */
    public static void backward(Rows x, Rows gradient, Rows dx) {
        int width = gradient.columns();
        Rows a = x.part(0, width), b = x.part(width, width);
        Rows da = dx.part(0, width), db = dx.part(width, width);
        int parts = Crew.parts(gradient.count(), GRAIN);
        float[][] sigmoids = new float[parts][width];
        Crew.runParts(gradient.count(), parts, (part, row) -> {
            sigmoids(a, row, sigmoids[part]);
            backwardRow(a, b, row, sigmoids[part], gradient, da, db);
        });
    }

    /** Writes the gradient of {@code x} over it, and the value over its gradient. */
    public static void replace(Rows x, Rows gradient) {
        int width = gradient.columns();
        Rows a = x.part(0, width), b = x.part(width, width);
        int parts = Crew.parts(gradient.count(), GRAIN);
        float[][] sigmoids = new float[parts][width];
        float[][] values = new float[parts][width];
        Crew.runParts(gradient.count(), parts, (part, row) -> {
            sigmoids(a, row, sigmoids[part]);
            valueRow(a, b, row, sigmoids[part], values[part]);
            backwardRow(a, b, row, sigmoids[part], gradient, a, b);
            gradient.write(row, 0, values[part], 0, width);
        });
    }

    private static void valueRow(Rows a, Rows b, long row, float[] sigmoids, float[] value) {
        int bound = F.loopBound(value.length);
        for (int i = 0; i < bound; i += N) {
            FloatVector s = FloatVector.fromArray(F, sigmoids, i);
            a.load(row, i).mul(s).mul(b.load(row, i)).intoArray(value, i);
        }
        for (int i = bound; i < value.length; i++) value[i] = a.get(row, i) * sigmoids[i] * b.get(row, i);
    }

    // In two passes: with the exponential, the whole is more than one compilation takes in.
    static void sigmoids(Rows a, long row, float[] sigmoids) {
        int bound = F.loopBound(a.columns());
        for (int i = 0; i < bound; i += N) sigmoid(a.load(row, i)).intoArray(sigmoids, i);
        for (int i = bound; i < a.columns(); i++) sigmoids[i] = sigmoid(a.get(row, i));
    }

    private static void backwardRow(Rows a, Rows b, long row, float[] sigmoids, Rows gradient, Rows da, Rows db) {
        int bound = F.loopBound(gradient.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector gate = a.load(row, i), g = gradient.load(row, i), s = FloatVector.fromArray(F, sigmoids, i);
            FloatVector slope = gate.mul(s.neg().add(1)).add(1).mul(s), up = b.load(row, i);
            da.store(row, i, g.mul(up).mul(slope));
            db.store(row, i, g.mul(gate).mul(s));
        }
        for (int i = bound; i < gradient.columns(); i++) {
            float gate = a.get(row, i), up = b.get(row, i), g = gradient.get(row, i), s = sigmoids[i];
            da.set(row, i, g * up * s * (1 + gate * (1 - s)));
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
