package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RmsNormGradTest {
    @ParameterizedTest
    @CsvSource({"FP32,1e-5", "BF16,4e-2"})
    void agreesWithLibtorchForwardAndBackward(DType dtype, double tolerance) {
        try (RandomState random = RandomState.of(1);
                Tape tape = Tape.open()) {
            Tensor x = random.normal(Tensors.empty(DType.FP32, Device.CPU, 2, 7, 48), 0.3, 2);
            Tensor w = random.normal(Tensors.empty(DType.FP32, Device.CPU, 48), 1, 0.2);
            Tensor g = random.normal(Tensors.empty(DType.FP32, Device.CPU, 2, 7, 48), 0, 1);
            Tensor xa = x.to(dtype).detach().requiresGrad(true), xb = x.copy().requiresGrad(true);
            Tensor wa = w.to(dtype).detach().requiresGrad(true), wb = w.copy().requiresGrad(true);
            Tensor a = Functions.rmsNorm(xa, wa, 1e-6);
            Tensor b = new Tensor(torch.rms_norm(
                    xb.handle, new long[] {48}, new TensorOptional(wb.handle), new DoubleOptional(1e-6)));
            a.backward(g.to(dtype));
            b.backward(g);
            close(a, b, tolerance);
            close(xa.grad(), xb.grad(), tolerance);
            close(wa.grad(), wb.grad(), tolerance * 4);
        }
    }

    @Test
    void gradientPassesThroughAChainOfNorms() {
        try (RandomState random = RandomState.of(2);
                Tape tape = Tape.open()) {
            Tensor x = random.normal(Tensors.empty(DType.FP32, Device.CPU, 3, 8), 0, 1)
                    .requiresGrad(true);
            Tensor w = random.normal(Tensors.empty(DType.FP32, Device.CPU, 8), 1, 0.2)
                    .requiresGrad(true);
            Tensor h = x;
            for (int i = 0; i < 3; i++) {
                Tensor input = h;
                h = Tape.checkpoint(h, in -> in.add(Functions.rmsNorm(in, w, 1e-5)));
                assertThat(h.requiresGrad()).isTrue();
                assertThat(input.closed()).isFalse();
            }
            Tensor cut = tape.cut(h);
            cut.mul(cut).sum().backward();
            tape.backward();
            float[] analytic = x.grad().toFloats();
            for (int i : new int[] {0, 5, 17}) {
                assertThat((double) analytic[i]).isCloseTo(numeric(x, w, i), within(2e-2));
            }
        }
    }

    private static double numeric(Tensor x, Tensor w, int index) {
        double step = 1e-2;
        return (loss(x, w, index, step) - loss(x, w, index, -step)) / (2 * step);
    }

    private static double loss(Tensor x, Tensor w, int index, double delta) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            float[] values = x.toFloats();
            values[index] += (float) delta;
            Tensor h = Tensors.of(values, 3, 8);
            for (int i = 0; i < 3; i++) h = h.add(Functions.rmsNorm(h, w, 1e-5));
            return h.mul(h).sum().item();
        }
    }

    private static void close(Tensor actual, Tensor expected, double tolerance) {
        float[] a = actual.toFloats(), e = expected.toFloats();
        double scale = 0;
        for (float v : e) scale = Math.max(scale, Math.abs(v));
        for (int i = 0; i < a.length; i++) assertThat((double) a[i]).isCloseTo(e[i], within(tolerance * scale));
    }
}
