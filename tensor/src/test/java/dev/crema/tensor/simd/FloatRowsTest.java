package dev.crema.tensor.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FloatRowsTest {
    @Test
    void drawsWhereTheSumPassesThePoint() {
        SplittableRandom random = new SplittableRandom(1);
        for (int size : new int[] {1, 511, 512, 513, 2000}) {
            float[] weights = new float[size];
            // Whole numbers, so that no order of additions rounds.
            for (int i = 0; i < size; i++) weights[i] = random.nextInt(4);
            weights[random.nextInt(size)] = 3;
            double total = 0;
            for (float weight : weights) total += weight;
            for (int draw = 0; draw < 500; draw++) {
                double point = random.nextDouble() * total, left = point;
                int expected = 0;
                while ((left -= weights[expected]) >= 0) expected++;
                assertThat(FloatRows.draw(weights, point)).isEqualTo(expected);
            }
        }
    }

    @Test
    void drawsTheLastThatHasAWeightWherePointsLieBehindTheSum() {
        float[] weights = new float[1500];
        weights[700] = 1;
        assertThat(FloatRows.draw(weights, 1)).isEqualTo(700);
        assertThat(FloatRows.draw(new float[600], 0)).isZero();
    }

    @Test
    void findsTheLargest() {
        float[] values = new float[77];
        Arrays.fill(values, -5);
        values[76] = 2;
        values[40] = 2;
        assertThat(FloatRows.max(values)).isEqualTo(2);
        assertThat(FloatRows.indexOf(values, 2)).isEqualTo(40);
        Arrays.fill(values, Float.NaN);
        assertThat(FloatRows.indexOf(values, FloatRows.max(values))).isZero();
    }

    @Test
    void squaresAndMultiplies() {
        float[] values = new float[35], factors = new float[35];
        for (int i = 0; i < 35; i++) {
            values[i] = i;
            factors[i] = 2;
        }
        assertThat(FloatRows.squares(values)).isCloseTo(34 * 35 * 69 / 6.0, within(1e-3));
        FloatRows.multiply(values, factors);
        for (int i = 0; i < 35; i++) assertThat(values[i]).isEqualTo(2f * i);
    }
}
