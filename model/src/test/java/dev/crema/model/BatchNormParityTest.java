package dev.crema.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.checkpoint.Safetensors;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Against PyTorch's BatchNorm1d over the tokens that are not padding: {@code bench/reference/batchnorm.py}. */
class BatchNormParityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/batchnorm.safetensors");

    @Test
    void normalisesMovesAndDifferentiates() {
        try (Safetensors expected = Safetensors.open(GOLDEN);
                Tape tape = Tape.open()) {
            Tensor weight = copy(expected, "weight").requiresGrad(true),
                    bias = copy(expected, "bias").requiresGrad(true);
            Tensor mean = copy(expected, "start.mean"), variance = copy(expected, "start.variance");
            BatchNorm norm = new BatchNorm(weight, bias, mean, variance, 1e-3, 0.1);
            Visibility visibility =
                    new Visibility.Documents(expected.entry("documents").tensor());
            for (String pass : new String[] {"first", "second"}) {
                Tensor x = copy(expected, pass + ".x").requiresGrad(true); // [B, T, D]
                Tensor y = norm.apply(x, Statistics.of(visibility));
                close(y, expected, pass + ".y");
                y.backward(expected.entry(pass + ".gradient").tensor());
                close(x.grad(), expected, pass + ".x.grad");
            }
            close(weight.grad(), expected, "weight.grad");
            close(bias.grad(), expected, "bias.grad");
            close(mean, expected, "end.mean");
            close(variance, expected, "end.variance");
            try (var off = Autograd.off()) {
                assertThat(Statistics.of(visibility)).isEqualTo(new Statistics.Running());
                close(norm.apply(copy(expected, "first.x"), Statistics.of(visibility)), expected, "inference.y");
            }
        }
    }

    private static Tensor copy(Safetensors file, String name) {
        return file.entry(name).tensor().to(DType.FP32).copy();
    }

    private static void close(Tensor actual, Safetensors expected, String name) {
        float[] a = actual.toFloats(), e = expected.entry(name).tensor().toFloats();
        assertThat(a).as(name).hasSameSizeAs(e);
        for (int i = 0; i < a.length; i++) {
            assertThat((double) Math.abs(a[i] - e[i])).as(name).isLessThan(2e-5 * (1 + Math.abs(e[i])));
        }
    }
}
