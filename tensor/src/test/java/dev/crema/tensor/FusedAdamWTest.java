package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class FusedAdamWTest {
    @Test
    void followsTheFormula() {
        try (Scope scope = Scope.open()) {
            Tensor w = Tensors.of(new float[] {1, -2}, 2);
            Tensor m = Tensors.zerosLike(w), v = Tensors.zerosLike(w);
            double[] ew = {1, -2}, em = new double[2], ev = new double[2];
            for (int step = 1; step <= 3; step++) {
                float[] g = {0.5f * step, -1};
                var settings = new FusedAdamW.Settings(0.1, 0.9, 0.95, 1e-8, 0.01);
                FusedAdamW.step(List.of(w), List.of(Tensors.of(g, 2)), List.of(m), List.of(v), step, settings);
                for (int i = 0; i < 2; i++) {
                    ew[i] *= 1 - 0.1 * 0.01;
                    em[i] = 0.9 * em[i] + 0.1 * g[i];
                    ev[i] = 0.95 * ev[i] + 0.05 * g[i] * g[i];
                    double hat = em[i] / (1 - Math.pow(0.9, step));
                    ew[i] -= 0.1 * hat / (Math.sqrt(ev[i] / (1 - Math.pow(0.95, step))) + 1e-8);
                }
            }
            for (int i = 0; i < 2; i++) assertThat((double) w.toFloats()[i]).isCloseTo(ew[i], within(1e-5));
        }
    }
}
