package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.machine.RowFunction;
import jdk.incubator.vector.FloatVector;

/**
 * The Gaussian error linear unit by the hyperbolic tangent, and its gradient.
 *
 * <p>{@code y = x s} with {@code s = sigmoid(2 u)}, {@code u = sqrt(2 / π) (x + 0.044715 x³)}, since
 * {@code (1 + tanh u) / 2 = sigmoid(2 u)}; {@code dy/dx = s + 2 x s (1 - s) u'}.
 */
public final class GeluElements {
    private static final long GRAIN = 1024;
    private static final float A = 1.5957691216f; // 2 sqrt(2 / π)
    private static final float B = 0.044715f;

    private GeluElements() {}

    /** Writes {@code y}. */
    public static void forward(Rows x, Rows y) {
        if (!compiled(x, y)) {
            Crew.run(x.count(), grain(x), (part, row) -> forwardRow(x, row, y));
            return;
        }
        RowFunction.Code gelu = code(RowFunction.Kind.GELU, x);
        int vectors = x.columns() / N;
        Crew.run(x.count(), grain(x), (part, row) -> gelu.run(x.at(row, 0), x.at(row, 0), y.at(row, 0), vectors));
    }

    /** Tells whether there is machine code for such rows. */
    private static boolean compiled(Rows x, Rows y) {
        return x.columns() % N == 0
                && x.wide() == y.wide()
                && CpuFeatures.current().tiles(x.wide());
    }

    private static RowFunction.Code code(RowFunction.Kind kind, Rows x) {
        RowFunction.Format format = x.wide() ? RowFunction.Format.FP32 : RowFunction.Format.BF16;
        return new RowFunction(kind, format, format).code();
    }

    private static void forwardRow(Rows x, long row, Rows y) {
        int bound = F.loopBound(x.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector v = x.load(row, i);
            y.store(row, i, v.mul(gate(v)));
        }
        for (int i = bound; i < x.columns(); i++) {
            float v = x.get(row, i);
            y.set(row, i, v * gate(v));
        }
    }

    /** Writes the gradient of {@code x}. */
    public static void backward(Rows x, Rows gradient, Rows dx) {
        if (compiled(x, gradient) && compiled(x, dx)) {
            RowFunction.Code code = code(RowFunction.Kind.GELU_GRADIENT, x);
            int vectors = x.columns() / N;
            Crew.run(
                    x.count(),
                    grain(x),
                    (part, row) -> code.run(x.at(row, 0), gradient.at(row, 0), dx.at(row, 0), vectors));
            return;
        }
        int parts = Crew.parts(x.count(), grain(x));
        float[][] gates = new float[parts][x.columns()];
        Crew.runParts(x.count(), parts, (part, row) -> {
            gates(x, row, gates[part]);
            backwardRow(x, row, gates[part], gradient, dx);
        });
    }

    /** Writes {@code y}, and turns its gradient into that of {@code x}. */
    public static void forwardAndBackward(Rows x, Rows gradient, Rows y) {
        if (!compiled(x, gradient) || !compiled(x, y)) {
            forward(x, y);
            backward(x, gradient, gradient);
            return;
        }
        RowFunction.Code code = code(RowFunction.Kind.GELU_AND_GRADIENT, x);
        int vectors = x.columns() / N;
        Crew.run(
                x.count(), grain(x), (part, row) -> code.run(x.at(row, 0), gradient.at(row, 0), y.at(row, 0), vectors));
    }

    // In two passes: with the exponential, the whole is more than one compilation takes in.
    private static void gates(Rows x, long row, float[] gates) {
        int bound = F.loopBound(x.columns());
        for (int i = 0; i < bound; i += N) gate(x.load(row, i)).intoArray(gates, i);
        for (int i = bound; i < x.columns(); i++) gates[i] = gate(x.get(row, i));
    }

    private static void backwardRow(Rows x, long row, float[] gates, Rows gradient, Rows dx) {
        int bound = F.loopBound(x.columns());
        for (int i = 0; i < bound; i += N) {
            FloatVector v = x.load(row, i), s = FloatVector.fromArray(F, gates, i);
            FloatVector slope = v.mul(v).mul(3 * B).add(1).mul(A).mul(v); // 2 x u'
            FloatVector derivative = s.neg().add(1).mul(slope).add(1).mul(s);
            dx.store(row, i, derivative.mul(gradient.load(row, i)));
        }
        for (int i = bound; i < x.columns(); i++) {
            float v = x.get(row, i), s = gates[i];
            float derivative = s * (1 + (1 - s) * v * A * (1 + 3 * B * v * v));
            dx.set(row, i, derivative * gradient.get(row, i));
        }
    }

    private static long grain(Rows x) {
        return Math.max(1, GRAIN * N / x.columns());
    }

    private static FloatVector gate(FloatVector x) {
        return FloatVector.broadcast(F, 1).div(Exp.of(argument(x)).add(1));
    }

    private static FloatVector argument(FloatVector x) {
        return x.mul(x).mul(B).add(1).mul(x).mul(-A);
    }

    private static float gate(float x) {
        return (float) (1 / (1 + Math.exp(-A * x * (1 + B * x * x))));
    }
}
