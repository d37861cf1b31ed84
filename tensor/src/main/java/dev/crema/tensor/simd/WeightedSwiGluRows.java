package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The gate {@code w silu(a) b} of rows that hold {@code a} and then {@code b}, each row with a weight {@code w}, and its
 * gradient.
 *
 * <p>With {@code s = sigmoid(a)} and {@code h = a s b}: {@code dw = Σ g h}, {@code da = g w b s (1 + a (1 - s))},
 * {@code db = g w a s}.
 */
public final class WeightedSwiGluRows {
    private static final long GRAIN = 8;

    private final Rows x;
    private final float[] weights;

    /**
     * @param x {@code [n, 2 width]}
     * @param weights one for each row
     */
    public WeightedSwiGluRows(Rows x, float[] weights) {
        this.x = x;
        this.weights = weights;
    }

    /** Writes {@code y [n, width]}. */
    public void forward(Rows y) {
        int parts = Crew.parts(y.count(), GRAIN);
        float[][] sigmoids = new float[parts][y.columns()];
        Rows a = x.part(0, y.columns()), b = x.part(y.columns(), y.columns());
        Crew.runParts(y.count(), parts, (part, row) -> {
            SwiGluRows.sigmoids(a, row, sigmoids[part]);
            forwardRow(a, b, row, sigmoids[part], weights[(int) row], y);
        });
    }

    private static void forwardRow(Rows a, Rows b, long row, float[] sigmoids, float weight, Rows y) {
        int bound = F.loopBound(y.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector s = FloatVector.fromArray(F, sigmoids, i);
            y.store(row, i, a.load(row, i).mul(s).mul(b.load(row, i)).mul(weight));
        }
        for (int i = bound; i < y.columns(); i++) {
            y.set(row, i, a.get(row, i) * sigmoids[i] * b.get(row, i) * weight);
        }
    }

    /**
     * Writes the gradient of {@code x} from that of {@code y}, and {@code y} itself once more.
     *
     * @return the gradient of the weights
     */
    public float[] backward(Rows gradient, Rows y, Rows dx) {
        int width = y.columns(), parts = Crew.parts(y.count(), GRAIN);
        float[][] sigmoids = new float[parts][width];
        float[] dw = new float[weights.length];
        Rows a = x.part(0, width), b = x.part(width, width);
        Rows da = dx.part(0, width), db = dx.part(width, width);
        Crew.runParts(y.count(), parts, (part, row) -> {
            SwiGluRows.sigmoids(a, row, sigmoids[part]);
            dw[(int) row] = valueRow(a, b, row, sigmoids[part], weights[(int) row], gradient, y);
            gradientRow(a, b, row, sigmoids[part], weights[(int) row], gradient, da, db);
        });
        return dw;
    }

    /** Writes a row of {@code y} and returns the gradient of its weight. */
    private static float valueRow(Rows a, Rows b, long row, float[] sigmoids, float weight, Rows gradient, Rows y) {
        int bound = F.loopBound(y.columns());
        FloatVector sums = FloatVector.zero(F);
        for (int i = 0; i < bound; i += N) {
            FloatVector h =
                    a.load(row, i).mul(FloatVector.fromArray(F, sigmoids, i)).mul(b.load(row, i));
            sums = gradient.load(row, i).fma(h, sums);
            y.store(row, i, h.mul(weight));
        }
        float sum = Lanes.sum(sums);
        for (int i = bound; i < y.columns(); i++) {
            float h = a.get(row, i) * sigmoids[i] * b.get(row, i);
            sum += gradient.get(row, i) * h;
            y.set(row, i, h * weight);
        }
        return sum;
    }

    private static void gradientRow(
            Rows a, Rows b, long row, float[] sigmoids, float weight, Rows gradient, Rows da, Rows db) {
        int bound = F.loopBound(gradient.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector gate = a.load(row, i), s = FloatVector.fromArray(F, sigmoids, i);
            FloatVector g = gradient.load(row, i).mul(weight);
            FloatVector slope = gate.mul(s.neg().add(1)).add(1).mul(s);
            da.store(row, i, g.mul(b.load(row, i)).mul(slope));
            db.store(row, i, g.mul(gate).mul(s));
        }
        for (int i = bound; i < gradient.columns(); i++) {
            float gate = a.get(row, i), g = gradient.get(row, i) * weight, s = sigmoids[i];
            da.set(row, i, g * b.get(row, i) * s * (1 + gate * (1 - s)));
            db.set(row, i, g * gate * s);
        }
    }
}
