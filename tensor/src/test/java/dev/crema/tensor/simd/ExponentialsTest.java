package dev.crema.tensor.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.machine.RowFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every way of computing exponentials keeps to. */
class ExponentialsTest {
    private static final int COUNT = 4 * Lanes.N;
    private static final float SHIFT = 2, SCALE = 0.5f, FACTOR = -3;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void byVectors(boolean wide) {
        check(new Exponentials.Vectors(wide), wide);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void byMachineCode(boolean wide) {
        assumeTrue(
                CpuFeatures.current().tiles(wide) && Lanes.N == RowFunction.LANES,
                "this processor has no machine code for the type");
        check(Exponentials.Compiled.of(wide), wide);
    }

    private static void check(Exponentials exponentials, boolean wide) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(COUNT * 4, 64);
            Rows row = new Rows(memory.address(), wide, 1, COUNT, COUNT);
            for (int i = 0; i < COUNT; i++) row.set(0, i, SHIFT - i / 8f);
            row.set(0, 3, Float.NEGATIVE_INFINITY);
            double total = 0;
            double[] expected = new double[COUNT];
            for (int i = 0; i < COUNT; i++) {
                expected[i] = Math.exp(SCALE * (row.get(0, i) - SHIFT));
                total += expected[i];
            }
            assertThat((double) exponentials.sum(row.at(0, 0), COUNT, SHIFT, SCALE))
                    .isEqualTo(total, within(1e-5 * total));
            exponentials.replace(row.at(0, 0), COUNT, SHIFT, SCALE, FACTOR);
            for (int i = 0; i < COUNT; i++) {
                double tolerance = (wide ? 1e-6 : 4e-3) * expected[i] * Math.abs(FACTOR);
                assertThat((double) row.get(0, i)).isEqualTo(expected[i] * FACTOR, within(tolerance));
            }
            assertThat(Math.abs(row.get(0, 3))).isZero();
        }
    }
}
