package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * Root mean square normalisation of rows and its gradient, each in two reads of a row.
 *
 * <p>{@code y = x r w} with {@code r = 1 / sqrt(mean(x²) + ε)}; backward, with {@code h = g w},
 * {@code dx = r (h - x r² mean(h x))} and {@code dw = Σ g x r}. Arithmetic is in fp32 whatever the type of the rows.
 */
public final class RmsNormRows {
    private static final long GRAIN = 16;

    private final Rows x;
    private final Rows weight;
    private final int width;

    /** @param weight one row */
    public RmsNormRows(Rows x, Rows weight) {
        if (weight.columns() != x.columns())
            throw new IllegalArgumentException("a weight of " + weight.columns() + " for rows of " + x.columns());
        this.x = x;
        this.weight = weight;
        this.width = x.columns();
    }

    /** Writes the normalised rows, and each row's {@code r} into {@code inverse}. */
    public void forward(double epsilon, Rows y, float[] inverse) {
        int parts = Crew.parts(x.count(), GRAIN);
        float[] scale = new float[width];
        weight.read(0, scale, 0);
        float[][] buffers = new float[parts][width];
        Crew.runParts(x.count(), parts, (part, row) -> {
            x.read(row, buffers[part], 0);
            float r = inverse(buffers[part], epsilon);
            inverse[(int) row] = r;
            FloatRows.multiply(buffers[part], scale);
            Lanes.write(y.wide(), y.at(row, 0), buffers[part], 0, width, r);
        });
    }

    private static float inverse(float[] x, double epsilon) {
        return (float) (1 / Math.sqrt(FloatRows.squares(x) / x.length + epsilon));
    }

    /** Writes the gradient of the rows and returns that of the weight. */
    public float[] backward(Rows gradient, float[] inverse, Rows dx) {
        int parts = Crew.parts(x.count(), GRAIN);
        float[][] partial = new float[parts][width];
        Crew.runParts(x.count(), parts, (part, row) -> {
            float r = inverse[(int) row];
            double dot = collectRow(row, gradient, r, partial[part]);
            backwardRow(row, gradient, r, (float) (dot / width * r * r), dx);
        });
        // Summed in the order of the parts, so that the result does not depend on who was faster.
        for (int part = 1; part < parts; part++) {
            for (int i = 0; i < width; i++) partial[0][i] += partial[part][i];
        }
        return partial[0];
    }

    // In two passes: the whole is more than one compilation takes in.
    private double collectRow(long row, Rows g, float r, float[] dw) {
        int bound = F.loopBound(width);
        FloatVector dots = FloatVector.zero(F);
        for (int i = 0; i < bound; i += N) {
            FloatVector gx = g.load(row, i).mul(x.load(row, i));
            dots = gx.fma(weight.load(0, i), dots);
            gx.mul(r).add(FloatVector.fromArray(F, dw, i)).intoArray(dw, i);
        }
        double dot = Lanes.sum(dots);
        for (int i = bound; i < width; i++) {
            float gx = g.get(row, i) * x.get(row, i);
            dot += gx * weight.get(0, i);
            dw[i] += gx * r;
        }
        return dot;
    }

    private void backwardRow(long row, Rows g, float r, float c, Rows dx) {
        int bound = F.loopBound(width);
        for (int i = 0; i < bound; i += N) {
            FloatVector h = g.load(row, i).mul(weight.load(0, i));
            dx.store(row, i, x.load(row, i).fma(FloatVector.broadcast(F, -c), h).mul(r));
        }
        for (int i = bound; i < width; i++) dx.set(row, i, r * (g.get(row, i) * weight.get(0, i) - x.get(row, i) * c));
    }
}
