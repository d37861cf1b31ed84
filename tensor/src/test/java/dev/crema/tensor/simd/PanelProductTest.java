package dev.crema.tensor.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.simd.PanelProduct.Left;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Products against sums in double precision, of every shape that a tile can have. */
class PanelProductTest {
    private static final int GUARD = 64;

    private final SplittableRandom random = new SplittableRandom(1);

    @BeforeAll
    static void theProcessorHasTheInstructions() {
        assumeTrue(CpuFeatures.current().tiles(false), "no machine code here, or not for bf16");
    }

    /** {@code c = a bᵀ + bias}, of {@code [rows, inner]} and {@code [columns, inner]}. */
    private record Problem(int rows, int columns, int inner, boolean bf16, float[] a, float[] b, float[] bias) {
        int steps() {
            return bf16 ? inner / 2 : inner;
        }

        int rowBytes() {
            return steps() * 4;
        }

        /** Returns what the sums are added to. */
        float[] there(Result result) {
            float[] numbers = new float[rows * columns];
            if (result == Result.BF16_ADDED || result == Result.FP32_ADDED) {
                for (int i = 0; i < numbers.length; i++) numbers[i] = i % 7;
            }
            return numbers;
        }

        double expected(int row, int column) {
            double sum = bias[column];
            for (int i = 0; i < inner; i++) sum += (double) a[row * inner + i] * b[column * inner + i];
            return sum;
        }
    }

    private Problem problem(int rows, int columns, int inner, boolean bf16) {
        float[] a = numbers(rows * inner, bf16), b = numbers(columns * inner, bf16);
        return new Problem(rows, columns, inner, bf16, a, b, numbers(columns, false));
    }

    private float[] numbers(int count, boolean bf16) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            float x = (float) random.nextGaussian();
            numbers[i] = bf16 ? Float.intBitsToFloat(Float.floatToRawIntBits(x) & 0xFFFF0000) : x;
        }
        return numbers;
    }

    private static MemorySegment memory(Arena arena, float[] numbers, boolean bf16) {
        if (!bf16) return arena.allocateFrom(ValueLayout.JAVA_FLOAT, numbers);
        short[] halves = new short[numbers.length];
        for (int i = 0; i < halves.length; i++) halves[i] = (short) (Float.floatToRawIntBits(numbers[i]) >>> 16);
        return arena.allocateFrom(ValueLayout.JAVA_SHORT, halves);
    }

    private static Panels panels(Arena arena, int columns, int steps) {
        MemorySegment memory = arena.allocate(Panels.bytes(columns, steps), 64).fill((byte) 0xFF);
        return new Panels(memory.address(), columns, steps);
    }

    private static Panels packed(Arena arena, MemorySegment matrix, int columns, int steps, float[] begin) {
        Panels panels = panels(arena, columns, steps);
        PanelPacking.columns(panels, matrix.address(), 4L * steps, begin);
        return panels;
    }

    private static void check(Problem p, Result result) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = memory(arena, p.a, p.bf16), b = memory(arena, p.b, p.bf16);
            Panels right = packed(arena, b, p.columns, p.steps(), p.bias);
            Panels columns = packed(arena, a, p.rows, p.steps(), new float[p.rows]);
            check(arena, p, new Left.Rows(a.address(), p.rows, p.rowBytes()), right, result);
            check(arena, p, new Left.Columns(columns), right, result);
        }
    }

    private static void check(Arena arena, Problem p, Left left, Panels right, Result result) {
        boolean wide = result == Result.FP32 || result == Result.FP32_ADDED;
        int bytes = wide ? 4 : 2, numbers = p.rows * p.columns;
        MemorySegment c = arena.allocate((long) numbers * bytes + GUARD, 64).fill((byte) 7);
        MemorySegment there = memory(arena, p.there(result), !wide);
        new PanelProduct(right, p.bf16).run(left, result, c.address(), (long) p.columns * bytes, there.address());
        for (int i = 0; i < numbers; i++) {
            double sum = p.expected(i / p.columns, i % p.columns) + p.there(result)[i];
            double is = wide
                    ? c.getAtIndex(ValueLayout.JAVA_FLOAT, i)
                    : Float.intBitsToFloat(c.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16);
            double tolerance = (wide ? 1e-5 : 5e-3) * (Math.abs(sum) + Math.sqrt(p.inner));
            assertThat(is)
                    .as("%d x %d x %d, number %d", p.rows, p.columns, p.inner, i)
                    .isEqualTo(sum, within(tolerance));
        }
        assertThat(c.asSlice(c.byteSize() - GUARD).toArray(ValueLayout.JAVA_BYTE))
                .as("what lies behind")
                .containsOnly((byte) 7);
    }

    @Test
    void multipliesEveryShape() {
        for (int rows : new int[] {1, 2, 5, 6, 7, 12, 13, 14, 27, 64, 209}) {
            for (int columns : new int[] {1, 7, 8, 9, 15, 16, 17, 32, 33, 65}) {
                check(problem(rows, columns, 34, true), Result.BF16);
                check(problem(rows, columns, 34, true), Result.BF16_ADDED);
                check(problem(rows, columns, 34, true), Result.FP32);
                check(problem(rows, columns, 33, false), Result.FP32);
                check(problem(rows, columns, 33, false), Result.FP32_ADDED);
            }
        }
        check(problem(3, 40, 2, true), Result.FP32);
        check(problem(70, 130, 576, true), Result.FP32_ADDED);
    }
}
