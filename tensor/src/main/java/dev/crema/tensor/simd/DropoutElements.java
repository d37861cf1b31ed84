package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.I;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Sets elements to zero at random and scales those that stay.
 *
 * <p>Whether an element stays is a function of the seed, its row and its column: two multiplications and some shifts turn
 * them into 32 bits, of which the upper 31 are compared with the rate. So the backward pass needs no mask, only the seed,
 * a stretch that runs again drops the same elements, and the number of threads does not matter.
 */
public final class DropoutElements {
    private static final long GRAIN = 1024;
    private static final int GOLDEN = 0x9E3779B9;
    private static final int FIRST = 0x7FEB352D;
    private static final int SECOND = 0x846CA68B;
    private static final IntVector LANE = IntVector.zero(I).addIndex(1);

    private DropoutElements() {}

    /**
     * Writes {@code x / (1 - rate)} where an element stays, else 0; {@code y} may be {@code x}.
     *
     * @param rate in {@code [0, 1)}
     */
    public static void apply(Rows x, double rate, long seed, Rows y) {
        int threshold = (int) (rate * 0x1p31); // a rate just below 1 must not overflow
        float scale = (float) (1 / (1 - rate));
        long grain = Math.max(1, GRAIN * N / x.columns());
        Crew.run(x.count(), grain, (part, row) -> applyRow(x, row, key(seed, row), threshold, scale, y));
    }

    private static void applyRow(Rows x, long row, int key, int threshold, float scale, Rows y) {
        int bound = F.loopBound(x.columns());
        for (int i = 0; i < bound; i += N) {
            IntVector h = LANE.add(i).mul(GOLDEN).lanewise(VectorOperators.XOR, key);
            h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16))
                    .mul(FIRST);
            h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 15))
                    .mul(SECOND);
            h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16));
            VectorMask<Float> stays = h.lanewise(VectorOperators.LSHR, 1)
                    .compare(VectorOperators.GE, threshold)
                    .cast(F);
            y.store(row, i, FloatVector.zero(F).blend(x.load(row, i).mul(scale), stays));
        }
        for (int i = bound; i < x.columns(); i++) {
            y.set(row, i, stays(key, i, threshold) ? x.get(row, i) * scale : 0);
        }
    }

    private static boolean stays(int key, int column, int threshold) {
        int h = column * GOLDEN ^ key;
        h = (h ^ h >>> 16) * FIRST;
        h = (h ^ h >>> 15) * SECOND;
        return (h ^ h >>> 16) >>> 1 >= threshold;
    }

    /** Mixes a row into the seed (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014). */
    private static int key(long seed, long row) {
        long z = seed + row * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return (int) (z ^ z >>> 31);
    }
}
