package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One gradient for two products and GELU, against those of the three after one another. */
class GeluFeedForwardTest {
    @ParameterizedTest
    @CsvSource({
        "FP32, 3, 5, 16, 32, 1e-4",
        "FP32, 2, 7, 10, 36, 1e-4",
        "BF16, 2, 8, 32, 64, 3e-2",
        "BF16, 4, 300, 32, 64, 3e-2" // enough rows for our product
    })
    void hasTheGradientsOfTheThreeAfterOneAnother(
            DType dtype, int rows, int tokens, int width, int inner, double tolerance) {
        List<float[]> apart = gradients(
                dtype,
                rows,
                tokens,
                width,
                inner,
                (x, up, upBias, down, downBias) ->
                        Functions.linear(Functions.geluTanh(Functions.linear(x, up, upBias)), down, downBias));
        List<float[]> together = gradients(dtype, rows, tokens, width, inner, Functions::geluFeedForward);
        for (int i = 0; i < apart.size(); i++) {
            float[] expected = apart.get(i), actual = together.get(i);
            assertThat(actual).hasSameSizeAs(expected);
            double largest = 0;
            for (float each : expected) largest = Math.max(largest, Math.abs(each));
            for (int j = 0; j < expected.length; j++) {
                assertThat(actual[j]).as("number %d of part %d", j, i).isCloseTo(expected[j], offset((float)
                        (tolerance * largest)));
            }
        }
    }

    private interface Layer {
        Tensor apply(Tensor x, Tensor up, Tensor upBias, Tensor down, Tensor downBias);
    }

    /** Returns the layer's value and the gradients of its input, weights and biases. */
    private static List<float[]> gradients(DType dtype, int rows, int tokens, int width, int inner, Layer layer) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(5)) {
            Tensor x = normal(random, dtype, 1, rows, tokens, width);
            double size = 1 / Math.sqrt(width);
            Tensor up = normal(random, dtype, size, inner, width), upBias = normal(random, dtype, 1, inner);
            Tensor down = normal(random, dtype, size, width, inner), downBias = normal(random, dtype, 1, width);
            Tensor y = layer.apply(x.mul(1), up, upBias, down, downBias);
            y.mul(y).mean().backward();
            return List.of(
                    y.toFloats(),
                    x.grad().toFloats(),
                    up.grad().toFloats(),
                    upBias.grad().toFloats(),
                    down.grad().toFloats(),
                    downBias.grad().toFloats());
        }
    }

    private static Tensor normal(RandomState random, DType dtype, double deviation, long... shape) {
        Tensor wide = random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, deviation);
        return wide.to(dtype).detach().requiresGrad(true);
    }
}
