package dev.crema.tensor;

import static dev.crema.tensor.Agreement.close;
import static dev.crema.tensor.Agreement.normal;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One gradient for two products and SwiGLU, against those of the three after one another. */
class SwiGluFeedForwardTest {
    @ParameterizedTest
    @CsvSource({
        "FP32, 3, 5, 16, 32, 1e-5",
        "FP32, 2, 7, 10, 37, 1e-5",
        "FP32, 2, 80, 48, 128, 1e-5",
        "BF16, 2, 8, 32, 64, 3e-2",
        "BF16, 1, 9, 12, 21, 3e-2"
    })
    void hasTheGradientsOfTheThreeAfterOneAnother(
            DType dtype, int rows, int tokens, int width, int inner, double tolerance) {
        try (RandomState random = RandomState.of(5);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, rows, tokens, width), g = normal(random, rows, tokens, width);
            Tensor in = normal(random, 2L * inner, width).mul(0.3),
                    out = normal(random, width, inner).mul(0.3);
            Tensor x = leaf(a, dtype), input = leaf(in, dtype), output = leaf(out, dtype);
            Tensor y = leaf(a, dtype), sameInput = leaf(in, dtype), sameOutput = leaf(out, dtype);
            Tensor actual = Functions.swiGluFeedForward(x.mul(2), input, output);
            Tensor expected = Functions.linear(Functions.swiGlu(Functions.linear(y.mul(2), sameInput)), sameOutput);
            actual.backward(g.to(dtype));
            expected.backward(g.to(dtype));
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
            close(input.grad(), sameInput.grad(), tolerance);
            close(output.grad(), sameOutput.grad(), tolerance);
        }
    }

    private static Tensor leaf(Tensor values, DType dtype) {
        return values.to(dtype).copy().detach().requiresGrad(true);
    }
}
