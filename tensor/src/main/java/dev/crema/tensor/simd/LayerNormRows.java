package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * Layer normalisation of rows and its gradient.
 *
 * <p>{@code y = (x - μ) r w + b} with {@code r = 1 / sqrt(var + ε)}; backward, with {@code h = g w} and
 * {@code n = (x - μ) r}: {@code dx = r (h - mean(h) - n mean(h n))}, {@code dw = Σ g n}, {@code db = Σ g}. Arithmetic is in
 * fp32 whatever the type of the rows.
 */
public final class LayerNormRows {
    private static final long GRAIN = 16;

    private final Rows x;
    private final Rows weight;
    private final Rows bias;
    private final int width;

    /**
     * @param weight one row
     * @param bias one row
     */
    public LayerNormRows(Rows x, Rows weight, Rows bias) {
        if (weight.columns() != x.columns() || bias.columns() != x.columns()) {
            throw new IllegalArgumentException("a weight of " + weight.columns() + " and a bias of " + bias.columns()
                    + " for rows of " + x.columns());
        }
        this.x = x;
        this.weight = weight;
        this.bias = bias;
        this.width = x.columns();
    }

    /** Writes the normalised rows, each row's mean and its {@code r}. */
    public void forward(double epsilon, Rows y, float[] mean, float[] inverse) {
        Crew.run(x.count(), GRAIN, (part, r) -> {
            int row = (int) r;
            measure(epsilon, row, mean, inverse);
            forwardRow(row, mean[row], inverse[row], y);
        });
    }

    private void forwardRow(int row, float m, float r, Rows y) {
        int bound = F.loopBound(width);
        for (int i = 0; i < bound; i += N) {
            FloatVector n = x.load(row, i).sub(m).mul(r);
            y.store(row, i, n.fma(weight.load(0, i), bias.load(0, i)));
        }
        for (int i = bound; i < width; i++) {
            y.set(row, i, Math.fma((x.get(row, i) - m) * r, weight.get(0, i), bias.get(0, i)));
        }
    }

    private void measure(double epsilon, int row, float[] mean, float[] inverse) {
        int bound = F.loopBound(width);
        FloatVector sums = FloatVector.zero(F);
        for (int i = 0; i < bound; i += N) sums = sums.add(x.load(row, i));
        double sum = Lanes.sum(sums);
        for (int i = bound; i < width; i++) sum += x.get(row, i);
        float m = (float) (sum / width);
        FloatVector squares = FloatVector.zero(F);
        for (int i = 0; i < bound; i += N) {
            FloatVector d = x.load(row, i).sub(m);
            squares = d.fma(d, squares);
        }
        double square = Lanes.sum(squares);
        for (int i = bound; i < width; i++) square += (x.get(row, i) - m) * (x.get(row, i) - m);
        mean[row] = m;
        inverse[row] = (float) (1 / Math.sqrt(square / width + epsilon));
    }

    /** The gradients of weight and bias. */
    public record Parameters(float[] weight, float[] bias) {}

    /** Writes the gradient of the rows and returns those of weight and bias. */
    public Parameters backward(Rows gradient, float[] mean, float[] inverse, Rows dx) {
        int parts = Crew.parts(x.count(), GRAIN);
        float[][] dw = new float[parts][width], db = new float[parts][width];
        Crew.runParts(x.count(), parts, (part, r) -> {
            int row = (int) r;
            Means means = collectRow(row, gradient, mean[row], inverse[row], dw[part], db[part]);
            backwardRow(row, gradient, mean[row], inverse[row], means, dx);
        });
        // Summed in the order of the parts, so that the result does not depend on who was faster.
        for (int part = 1; part < parts; part++) {
            for (int i = 0; i < width; i++) {
                dw[0][i] += dw[part][i];
                db[0][i] += db[part][i];
            }
        }
        return new Parameters(dw[0], db[0]);
    }

    /** Of one row: the means of {@code h} and of {@code h n}. */
    private record Means(float h, float hn) {}

    // In two passes: the whole is more than one compilation takes in.
    private Means collectRow(int row, Rows g, float m, float r, float[] dw, float[] db) {
        int bound = F.loopBound(width);
        FloatVector sums = FloatVector.zero(F), dots = FloatVector.zero(F);
        for (int i = 0; i < bound; i += N) {
            FloatVector gi = g.load(row, i), n = x.load(row, i).sub(m).mul(r), h = gi.mul(weight.load(0, i));
            sums = sums.add(h);
            dots = h.fma(n, dots);
            gi.fma(n, FloatVector.fromArray(F, dw, i)).intoArray(dw, i);
            gi.add(FloatVector.fromArray(F, db, i)).intoArray(db, i);
        }
        double sum = Lanes.sum(sums), dot = Lanes.sum(dots);
        for (int i = bound; i < width; i++) {
            float gi = g.get(row, i), n = (x.get(row, i) - m) * r;
            sum += gi * weight.get(0, i);
            dot += gi * weight.get(0, i) * n;
            dw[i] += gi * n;
            db[i] += gi;
        }
        return new Means((float) (sum / width), (float) (dot / width));
    }

    private void backwardRow(int row, Rows g, float m, float r, Means means, Rows dx) {
        int bound = F.loopBound(width);
        for (int i = 0; i < bound; i += N) {
            FloatVector n = x.load(row, i).sub(m).mul(r), h = g.load(row, i).mul(weight.load(0, i));
            dx.store(row, i, h.sub(means.h()).sub(n.mul(means.hn())).mul(r));
        }
        for (int i = bound; i < width; i++) {
            float n = (x.get(row, i) - m) * r;
            dx.set(row, i, (g.get(row, i) * weight.get(0, i) - means.h() - n * means.hn()) * r);
        }
    }
}
