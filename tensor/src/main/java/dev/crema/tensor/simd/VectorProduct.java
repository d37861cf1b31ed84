package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The product of one vector with a matrix: {@code y[c] = sum of x[i] w[i, c]}.
 *
 * <p>Nothing of the matrix is used twice, so that reading it is all that it costs. Four vectors lie side by side at each
 * step, for the memory to deliver longer stretches.
 */
final class VectorProduct {
    private VectorProduct() {}

    /**
     * Writes columns {@code [from, to)}.
     *
     * <p>All in one method, since the compiler does not inline one so large: inlined, a kernel grows past the limit of what
     * one compilation takes in, and what is left out boxes its vectors.
     *
     * @param x from {@code at} on, as many as the matrix has rows
     * @param y column c goes to {@code yAt + c}
     */
    static void write(float[] x, int at, Rows matrix, int from, int to, float[] y, int yAt) {
        boolean wide = matrix.wide();
        int count = (int) matrix.count(), c = from;
        long bytes = wide ? 4 : 2, next = matrix.stride() * bytes, far = N * bytes;
        for (; c + 4 * N <= to; c += 4 * N) {
            FloatVector zero = FloatVector.zero(F), s0 = zero, s1 = zero, s2 = zero, s3 = zero;
            long element = matrix.at(0, c);
            for (int i = 0; i < count; i++, element += next) {
                FloatVector factor = FloatVector.broadcast(F, x[at + i]);
                s0 = Lanes.load(wide, element).fma(factor, s0);
                s1 = Lanes.load(wide, element + far).fma(factor, s1);
                s2 = Lanes.load(wide, element + 2 * far).fma(factor, s2);
                s3 = Lanes.load(wide, element + 3 * far).fma(factor, s3);
            }
            s0.intoArray(y, yAt + c);
            s1.intoArray(y, yAt + c + N);
            s2.intoArray(y, yAt + c + 2 * N);
            s3.intoArray(y, yAt + c + 3 * N);
        }
        for (; c + N <= to; c += N) {
            FloatVector sum = FloatVector.zero(F);
            long element = matrix.at(0, c);
            for (int i = 0; i < count; i++, element += next) {
                sum = Lanes.load(wide, element).fma(FloatVector.broadcast(F, x[at + i]), sum);
            }
            sum.intoArray(y, yAt + c);
        }
        for (; c < to; c++) {
            float sum = 0;
            for (int i = 0; i < count; i++) sum += x[at + i] * matrix.get(i, c);
            y[yAt + c] = sum;
        }
    }
}
