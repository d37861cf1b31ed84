package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.machine.RowFunction;
import dev.crema.tensor.machine.RowFunction.Format;
import dev.crema.tensor.machine.RowFunction.Kind;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** {@code exp(scale (x - shift))} of numbers that lie side by side, by machine code where there is some. */
sealed interface Exponentials {
    /** Returns what computes them of numbers in fp32 ({@code wide}) or bf16. */
    static Exponentials of(boolean wide) {
        return CpuFeatures.current().tiles(wide) ? Compiled.of(wide) : new Vectors(wide);
    }

    /**
     * Returns their sum.
     *
     * @param count a multiple of {@link Lanes#N}
     */
    float sum(long x, int count, float shift, float scale);

    /** Writes them in the place of the numbers, each multiplied by a factor. */
    void replace(long x, int count, float shift, float scale, float factor);

    record Compiled(RowFunction.Code sum, RowFunction.Code replace) implements Exponentials {
        static Compiled of(boolean wide) {
            Format format = wide ? Format.FP32 : Format.BF16;
            return new Compiled(
                    new RowFunction(Kind.EXPONENTIAL, format, Format.NOTHING).code(),
                    new RowFunction(Kind.EXPONENTIAL, format, format).code());
        }

        @Override
        public float sum(long x, int count, float shift, float scale) {
            return count == 0 ? 0 : sum.run(x, x, count / N, shift, scale, 1);
        }

        @Override
        public void replace(long x, int count, float shift, float scale, float factor) {
            if (count > 0) replace.run(x, x, count / N, shift, scale, factor);
        }
    }

    record Vectors(boolean wide) implements Exponentials {
        /** Of less, the exponential is no number of its own, and zero. */
        private static final float SMALLEST = -87.3f;

        @Override
        public float sum(long x, int count, float shift, float scale) {
            int size = wide ? 4 : 2;
            FloatVector sums = FloatVector.zero(F);
            for (int i = 0; i < count; i += N) sums = sums.add(of(x + (long) i * size, shift, scale));
            return Lanes.sum(sums);
        }

        @Override
        public void replace(long x, int count, float shift, float scale, float factor) {
            int size = wide ? 4 : 2;
            for (int i = 0; i < count; i += N) {
                long at = x + (long) i * size;
                Lanes.store(wide, at, of(at, shift, scale).mul(factor));
            }
        }

        private FloatVector of(long at, float shift, float scale) {
            FloatVector x = Lanes.load(wide, at).sub(shift).mul(scale);
            return Exp.of(x).blend(0, x.compare(VectorOperators.LT, SMALLEST));
        }
    }
}
