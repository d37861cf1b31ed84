package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DropoutTest {
    private static final int ROWS = 400, COLUMNS = 389; // no multiple of a vector

    private static float[] dropped(DType dtype, double rate, long seed) {
        try (Scope scope = Scope.open()) {
            Tensor ones = Tensors.zeros(dtype, Device.CPU, ROWS, COLUMNS).add(1);
            return Functions.dropout(ones, rate, seed).toFloats();
        }
    }

    private static double share(float[] values) {
        return (double) IntStream.range(0, values.length)
                        .filter(i -> values[i] == 0)
                        .count()
                / values.length;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.05, 0.1, 0.3, 0.5, 0.9})
    void dropsThatPartAndKeepsTheMean(double rate) {
        float[] values = dropped(DType.FP32, rate, 11);
        double deviation = Math.sqrt(rate * (1 - rate) / values.length);
        assertThat(share(values)).isEqualTo(rate, within(4 * deviation));
        assertThat(values).containsOnly(0, (float) (1 / (1 - rate)));
    }

    @Test
    void aRateJustBelowOneDropsAll() {
        assertThat(share(dropped(DType.FP32, Math.nextDown(1.0), 2))).isGreaterThan(0.9999);
    }

    @Test
    void eachColumnAndRowLosesItsPart() {
        float[] values = dropped(DType.FP32, 0.5, 3);
        for (int column = 0; column < COLUMNS; column++) {
            float[] lane = new float[ROWS];
            for (int row = 0; row < ROWS; row++) lane[row] = values[row * COLUMNS + column];
            assertThat(share(lane)).as("column %d", column).isEqualTo(0.5, within(0.13));
        }
        for (int row = 0; row < ROWS; row++) {
            float[] lane = Arrays.copyOfRange(values, row * COLUMNS, (row + 1) * COLUMNS);
            assertThat(share(lane)).as("row %d", row).isEqualTo(0.5, within(0.13));
        }
    }

    @Test
    void neighboursRowsAndSeedsAreIndependent() {
        float[] one = dropped(DType.FP32, 0.5, 1), other = dropped(DType.FP32, 0.5, 2);
        for (int shift : new int[] {0, 1, COLUMNS, 7 * COLUMNS + 3}) {
            int equal = 0, count = one.length - shift;
            for (int i = 0; i < count; i++) if (one[i] == (shift == 0 ? other[i] : one[i + shift])) equal++;
            assertThat((double) equal / count).as("%d further on", shift).isEqualTo(0.5, within(0.006));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void theGradientLosesTheSameElements(DType dtype) {
        try (Tape tape = Tape.open()) {
            Tensor x = Tensors.zeros(dtype, Device.CPU, 6, 5, 37).add(1).requiresGrad(true);
            Tensor y = Functions.dropout(x, 0.25, 9);
            y.sum().backward();
            assertThat(x.grad().toFloats()).containsExactly(y.toFloats());
            assertThat(share(y.toFloats())).isBetween(0.15, 0.35);
        }
    }

    @Test
    void bothTypesDropTheSameAndTheSameAgain() {
        float[] wide = dropped(DType.FP32, 0.5, 4);
        assertThat(dropped(DType.FP32, 0.5, 4)).containsExactly(wide);
        assertThat(dropped(DType.BF16, 0.5, 4)).containsExactly(wide);
    }
}
