package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the iteration in float64, on the matrix itself. */
class NewtonSchulzTest {
    @ParameterizedTest
    @CsvSource({"1,1", "3,5", "16,16", "17,40", "40,17", "33,33", "100,37", "64,192", "192,64", "20,2100", "2100,20"})
    void isTheIteration(int rows, int columns) {
        float[] given = random(3 * rows * columns, rows);
        assertThat(farthest(given, rows, columns)).isLessThan(5e-5);
    }

    /** Rounding makes small eigenvalues of the gram matrix meaningless, which must not show. */
    @Test
    void smallSingularValuesStaySmall() {
        int side = 48;
        float[] left = random(side * 4, 1), right = random(4 * side, 2), noise = random(side * side, 3);
        float[] given = new float[side * side];
        for (int i = 0; i < given.length; i++) {
            for (int k = 0; k < 4; k++) given[i] += left[i / side * 4 + k] * right[k * side + i % side];
            given[i] += 1e-5f * noise[i];
        }
        assertThat(farthest(given, side, side)).isLessThan(1e-3);
    }

    @Test
    void nothingStaysNothing() {
        try (Scope scope = Scope.open()) {
            Tensor zero = Tensors.zeros(DType.FP32, Device.CPU, 2, 20, 30);
            assertThat(NewtonSchulz.of(zero).toFloats()).containsOnly(0f);
        }
    }

    @Test
    void theOtherWayIsTheSame() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensors.of(random(2 * 50 * 30, 7), 2, 50, 30);
            float[] panels = NewtonSchulz.of(x).toFloats();
            float[] plain = NewtonSchulz.asItStands(x).toFloats();
            for (int i = 0; i < plain.length; i++) assertThat(panels[i]).isCloseTo(plain[i], within(5e-5f));
        }
    }

    private static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float) random.nextGaussian();
        return values;
    }

    private static double farthest(float[] given, int rows, int columns) {
        int count = given.length / (rows * columns);
        try (Scope scope = Scope.open()) {
            float[] actual =
                    NewtonSchulz.of(Tensors.of(given, count, rows, columns)).toFloats();
            double most = 0;
            for (int n = 0; n < count; n++) {
                double[][] x = new double[rows][columns];
                for (int i = 0; i < rows * columns; i++) x[i / columns][i % columns] = given[n * rows * columns + i];
                x = iterated(x);
                for (int i = 0; i < rows * columns; i++) {
                    double off = actual[n * rows * columns + i] - x[i / columns][i % columns];
                    most = Math.max(most, Math.abs(off));
                }
            }
            return most;
        }
    }

    private static double[][] iterated(double[][] given) {
        double squares = 0;
        for (double[] row : given) for (double value : row) squares += value * value;
        double[][] x = sum(1 / Math.sqrt(squares), given, 0, given);
        for (int i = 0; i < 5; i++) {
            double[][] once = product(product(x, turned(x)), x), twice = product(product(x, turned(x)), once);
            x = sum(1, sum(3.4445, x, -4.7750, once), 2.0315, twice);
        }
        return x;
    }

    private static double[][] turned(double[][] a) {
        double[][] turned = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) for (int j = 0; j < a[0].length; j++) turned[j][i] = a[i][j];
        return turned;
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] c = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < b.length; k++) for (int j = 0; j < c[0].length; j++) c[i][j] += a[i][k] * b[k][j];
        }
        return c;
    }

    private static double[][] sum(double f, double[][] a, double g, double[][] b) {
        double[][] c = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) for (int j = 0; j < a[0].length; j++) c[i][j] = f * a[i][j] + g * b[i][j];
        return c;
    }
}
