package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.DotTile;
import jdk.incubator.vector.FloatVector;

/**
 * The product of a few rows with a weight: {@code y = x wᵀ + b}.
 *
 * <p>With one row, or a few, reading the weight is all that it costs. Libraries of matrix products rearrange the weight
 * first, for a reuse that never comes. Here each of its rows is read once, from end to end, and multiplied with all rows of
 * {@code x}, which stay in the cache; sums are in fp32.
 */
public final class FewRowsProduct {
    /** Rows of {@code x} up to which this is faster than a library's product. */
    public static final int MOST_ROWS = DotTile.MOST_ROWS;

    private static final long GRAIN = 32;

    private final Rows x;
    private final Rows weight;
    private final float[] wide;

    /**
     * @param x {@code [n, I]}
     * @param weight {@code [O, I]}
     */
    public FewRowsProduct(Rows x, Rows weight) {
        if (x.columns() != weight.columns()) {
            throw new IllegalArgumentException("rows of " + x.columns() + " and of " + weight.columns());
        }
        this.x = x;
        this.weight = weight;
        this.wide = new float[(int) x.count() * x.columns()];
    }

    /**
     * Writes the product.
     *
     * @param bias one row of {@code O}, or none
     * @param y {@code [n, O]}
     */
    public void write(Bias bias, Rows y) {
        for (int row = 0; row < x.count(); row++) x.read(row, wide, row * x.columns());
        Crew.run(weight.count(), GRAIN, (part, o) -> {
            for (int row = 0; row < x.count(); row++)
                y.set(row, (int) o, dot(weight, o, wide, row * x.columns()) + bias.at((int) o));
        });
    }

    /** What is added to each row. */
    public sealed interface Bias {
        float at(int column);

        record None() implements Bias {
            @Override
            public float at(int column) {
                return 0;
            }
        }

        record Row(Rows values) implements Bias {
            @Override
            public float at(int column) {
                return values.get(0, column);
            }
        }
    }

    /** Returns the product of row {@code o} of a matrix with as many numbers from {@code at} on. */
    static float dot(Rows weight, long o, float[] wide, int at) {
        int width = weight.columns(), bound = F.loopBound(width), i = 0;
        // Four sums, since an addition waits for the one before.
        FloatVector a = FloatVector.zero(F), b = a, c = a, d = a;
        for (; i + 4 * N <= bound; i += 4 * N) {
            a = weight.load(o, i).fma(FloatVector.fromArray(F, wide, at + i), a);
            b = weight.load(o, i + N).fma(FloatVector.fromArray(F, wide, at + i + N), b);
            c = weight.load(o, i + 2 * N).fma(FloatVector.fromArray(F, wide, at + i + 2 * N), c);
            d = weight.load(o, i + 3 * N).fma(FloatVector.fromArray(F, wide, at + i + 3 * N), d);
        }
        for (; i < bound; i += N) a = weight.load(o, i).fma(FloatVector.fromArray(F, wide, at + i), a);
        float sum = Lanes.sum(a.add(b).add(c.add(d)));
        for (; i < width; i++) sum += weight.get(o, i) * wide[at + i];
        return sum;
    }
}
