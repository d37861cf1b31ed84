package dev.crema.tensor;

import static dev.crema.tensor.Agreement.close;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Experts by our kernels against the same in plain operations, which FP64 takes, forward and backward. */
class ExpertsGradTest {
    @ParameterizedTest
    @CsvSource({
        "FP32, 200, 5, 2, 1000, 24, 19, 3e-5", // long stretches, filled up to sixteen
        "FP32, 7, 5, 3, 1000, 24, 19, 3e-5", // short ones
        "FP32, 3, 40, 2, 1000, 24, 19, 3e-5", // most experts without a token
        "FP32, 90, 5, 2, 20, 24, 19, 3e-5", // dropped choices
        "FP32, 500, 3, 2, 1000, 128, 96, 1e-4", // products that are worth being rearranged for
        "FP32, 900, 20, 2, 1000, 128, 96, 1e-4", // the same on one thread each
        "BF16, 200, 5, 2, 1000, 24, 19, 2e-2",
        "BF16, 300, 40, 3, 1000, 24, 19, 2e-2" // threads that take whole experts
    })
    void agree(DType dtype, int tokens, int experts, int active, int capacity, int width, int inner, double tolerance) {
        Dispatch dispatch = Dispatch.of(choices(tokens, active, experts), active, experts, capacity);
        try (RandomState random = RandomState.of(1);
                Tape tape = Tape.open()) {
            Tensor x = normal(random, dtype, tokens, width), w = normal(random, DType.FP32, tokens, active);
            Tensor input = normal(random, dtype, experts, 2 * inner, width).mul(0.3);
            Tensor output = normal(random, dtype, experts, width, inner).mul(0.3);
            Tensor g = normal(random, dtype, tokens, width);
            Leaves fast = new Leaves(x.copy(), w.copy(), input.copy(), output.copy());
            Leaves exact = new Leaves(x.to(DType.FP64), w.to(DType.FP64), input.to(DType.FP64), output.to(DType.FP64));
            close(fast.run(dispatch, g), exact.run(dispatch, g.to(DType.FP64)), tolerance);
            close(fast.x.grad(), exact.x.grad(), tolerance);
            close(fast.weights.grad(), exact.weights.grad(), tolerance);
            close(fast.input.grad(), exact.input.grad(), tolerance);
            close(fast.output.grad(), exact.output.grad(), tolerance);
            // A second pass adds to the gradients of the first.
            fast.run(dispatch, g);
            close(fast.input.grad(), exact.input.grad().mul(2), tolerance);
        }
    }

    @Test
    void firstChoicesAreServedBeforeSecondOnesAndEarlyTokensBeforeLate() {
        Dispatch dispatch = Dispatch.of(new long[] {0, 1, 1, 0, 0, 1, 0, 2}, 2, 3, 2);
        // Expert 0 is the first choice of tokens 0, 2, 3 and the second of token 1; it has room for two.
        assertThat(dispatch.rowOf()).containsExactly(0, 2, 3, -1, 1, -1, -1, 4);
        assertThat(dispatch.dropped()).isEqualTo(3);
    }

    @Test
    void whatIsComputedGrowsWithTheChoicesNotWithTheExperts() {
        for (int experts : new int[] {8, 64, 512}) {
            Dispatch dispatch = Dispatch.of(choices(30, 2, experts), 2, experts, 1000);
            assertThat(dispatch.busy().length).isLessThanOrEqualTo(60);
            assertThat(dispatch.rows()).isLessThanOrEqualTo(60 + 16 * 8);
        }
    }

    private record Leaves(Tensor x, Tensor weights, Tensor input, Tensor output) {
        Leaves {
            for (Tensor leaf : new Tensor[] {x, weights, input, output}) leaf.requiresGrad(true);
        }

        Tensor run(Dispatch dispatch, Tensor gradient) {
            // Behind another operation, so that the gradient has somewhere to flow; the weights in another shape.
            Tensor y = Functions.experts(x.mul(2), weights.mul(0.5), dispatch, input, output);
            y.backward(gradient);
            return y;
        }
    }

    private static long[] choices(int tokens, int active, int experts) {
        SplittableRandom random = new SplittableRandom(3);
        long[] choices = new long[tokens * active];
        for (int t = 0; t < tokens; t++) {
            // Different experts, and the last one never.
            long first = random.nextInt(experts - 1);
            for (int k = 0; k < active; k++) choices[t * active + k] = (first + k) % (experts - 1);
        }
        return choices;
    }

    private static Tensor normal(RandomState random, DType dtype, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1).to(dtype);
    }
}
