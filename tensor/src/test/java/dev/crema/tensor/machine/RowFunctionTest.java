package dev.crema.tensor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.crema.tensor.machine.RowFunction.Format;
import dev.crema.tensor.machine.RowFunction.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Functions of rows against the same in double precision. */
class RowFunctionTest {
    private static final int COUNT = 5 * RowFunction.LANES;
    private static final float SHIFT = 3, SCALE = 0.7f, FACTOR = 0.25f;

    @BeforeAll
    static void theProcessorHasTheInstructions() {
        assumeTrue(CpuFeatures.current().tiles(false), "no machine code here, or not for bf16");
    }

    private static float[] numbers() {
        SplittableRandom random = new SplittableRandom(1);
        float[] numbers = new float[COUNT];
        for (int i = 0; i < COUNT; i++) numbers[i] = SHIFT - 40 * random.nextFloat();
        numbers[7] = Float.NEGATIVE_INFINITY;
        numbers[8] = SHIFT;
        numbers[9] = SHIFT - 1000;
        return numbers;
    }

    private static double expected(Kind kind, float x) {
        return switch (kind) {
            case EXPONENTIAL -> Math.exp((double) SCALE * (x - SHIFT));
            case MULTIPLE -> x;
            case GELU, GELU_AND_GRADIENT -> x * gate(x);
            case GELU_GRADIENT -> {
                double s = gate(x), slope = 2 * Math.sqrt(2 / Math.PI) * x * (1 + 3 * 0.044715 * x * x);
                yield x * s * (1 + (1 - s) * slope); // the numbers are their own gradients
            }
        };
    }

    private static double gate(double x) {
        return 1 / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    private static float get(MemorySegment memory, Format format, int i) {
        return format == Format.FP32
                ? memory.getAtIndex(ValueLayout.JAVA_FLOAT, i)
                : Float.intBitsToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16);
    }

    private static MemorySegment memory(Arena arena, Format format, float[] numbers) {
        if (format == Format.FP32) return arena.allocateFrom(ValueLayout.JAVA_FLOAT, numbers);
        short[] halves = new short[numbers.length];
        for (int i = 0; i < halves.length; i++) halves[i] = (short) (Float.floatToRawIntBits(numbers[i]) >>> 16);
        return arena.allocateFrom(ValueLayout.JAVA_SHORT, halves);
    }

    private static void check(Kind kind, Format from, Format to) {
        float[] numbers = numbers();
        if (kind != Kind.EXPONENTIAL) numbers[7] = 1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = memory(arena, from, numbers), y = arena.allocate(COUNT * 4 + 64, 64);
            y.fill((byte) 7);
            float[] before = new float[COUNT];
            for (int i = 0; i < COUNT; i++) before[i] = get(x, from, i);
            float sum = new RowFunction(kind, from, to)
                    .code()
                    .run(x.address(), y.address(), COUNT / RowFunction.LANES, SHIFT, SCALE, FACTOR);
            double total = 0;
            for (int i = 0; i < COUNT; i++) {
                double is = expected(kind, before[i]);
                if (kind == Kind.GELU_AND_GRADIENT) {
                    double gradient = expected(Kind.GELU_GRADIENT, before[i]);
                    double error = (from == Format.BF16 ? 4e-3 : 1e-5) * Math.abs(gradient) + 1e-35;
                    assertThat((double) get(x, from, i)).isEqualTo(gradient, within(error));
                }
                total += is;
                if (to == Format.NOTHING) continue;
                // An exponent of 50 is rounded to some 4e-6.
                double tolerance = (to == Format.BF16 ? 4e-3 : 1e-5) * Math.abs(is) * FACTOR + 1e-36;
                assertThat((double) get(y, to, i))
                        .as("%s of number %d", kind, i)
                        .isEqualTo(is * FACTOR, within(tolerance));
            }
            assertThat((double) sum).isEqualTo(total, within(1e-5 * Math.abs(total)));
            assertThat(y.asSlice((long) COUNT * to.bytes()).toArray(ValueLayout.JAVA_BYTE))
                    .as("what lies behind")
                    .containsOnly((byte) 7);
        }
    }

    @Test
    void computesEveryType() {
        for (Kind kind : Kind.values()) {
            for (Format from : new Format[] {Format.BF16, Format.FP32}) {
                for (Format to : Format.values()) check(kind, from, to);
            }
        }
    }

    @Test
    void theExponentialOfMinusInfinityIsZero() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = memory(arena, Format.FP32, numbers());
            new RowFunction(Kind.EXPONENTIAL, Format.FP32, Format.FP32)
                    .code()
                    .run(x.address(), x.address(), COUNT / RowFunction.LANES, SHIFT, SCALE, 1);
            assertThat(get(x, Format.FP32, 7)).isZero();
            assertThat(get(x, Format.FP32, 8)).isEqualTo(1, within(1e-6f));
            assertThat(get(x, Format.FP32, 9)).isZero();
        }
    }
}
