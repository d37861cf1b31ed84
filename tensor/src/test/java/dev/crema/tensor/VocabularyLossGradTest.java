package dev.crema.tensor;

import static dev.crema.tensor.Agreement.close;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VocabularyLossGradTest {
    @ParameterizedTest
    @CsvSource({
        "FP32,37,1.0,0,1e-5",
        "FP32,37,0.8,1.5,1e-5",
        "FP32,300000,0.7,0,1e-5",
        "BF16,515,1.0,0,2e-2",
        "BF16,515,1.3,0,2e-2",
        "BF16,515,1.3,2,3e-2"
    })
    void agreesWithCrossEntropyOverWholeLogits(
            DType dtype, int vocabulary, double temperature, double limit, double tolerance) {
        SoftCap cap = limit == 0 ? new SoftCap.None() : new SoftCap.Tanh(limit);
        int n = vocabulary > 1000 ? 70 : 19, d = 24;
        int[] tokens = new SplittableRandom(3).ints(n, 0, vocabulary).toArray();
        tokens[0] = vocabulary - 1;
        try (RandomState random = RandomState.of(1);
                Tape tape = Tape.open()) {
            Tensor h = random.normal(Tensors.empty(DType.FP32, Device.CPU, n, d), 0, 1)
                    .to(dtype)
                    .requiresGrad(true);
            Tensor w = random.normal(Tensors.empty(DType.FP32, Device.CPU, vocabulary, d), 0, 0.3)
                    .to(dtype)
                    .requiresGrad(true);
            Tensor b = random.normal(Tensors.empty(DType.FP32, Device.CPU, vocabulary), 0, 0.3)
                    .to(dtype)
                    .requiresGrad(true);
            VocabularyHead biased = new VocabularyHead(w, List.of(b), cap);
            float[] logs = VocabularyLoss.backward(
                    h,
                    biased,
                    tokens,
                    temperature,
                    (from, to, logProbabilities, derivative) -> Arrays.fill(derivative, from, to, -0.5f));
            Tensor hidden = h.detach().to(DType.FP32).copy().requiresGrad(true);
            Tensor head = w.detach().to(DType.FP32).copy().requiresGrad(true);
            Tensor bias = b.detach().to(DType.FP32).copy().requiresGrad(true);
            Tensor logits = cap.apply(Functions.linear(hidden, head, bias)).div(temperature);
            long[] wide = Arrays.stream(tokens).asLongStream().toArray();
            Tensor loss = Functions.crossEntropySum(logits, Tensors.of(wide, n)).mul(0.5);
            loss.backward();
            double sum = 0;
            for (float log : logs) sum -= 0.5 * log;
            assertThat(sum).isCloseTo(loss.item(), within(loss.item() * tolerance));
            close(h.grad(), hidden.grad(), tolerance);
            close(w.grad(), head.grad(), tolerance);
            close(b.grad(), bias.grad(), tolerance);
            float[] again = VocabularyLoss.logProbabilities(h, biased, tokens, temperature);
            for (int i = 0; i < n; i++) assertThat(again[i]).isCloseTo(logs[i], within(1e-4f));
        }
    }
}
