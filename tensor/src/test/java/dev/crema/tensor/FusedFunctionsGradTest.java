package dev.crema.tensor;

import static dev.crema.tensor.Agreement.close;
import static dev.crema.tensor.Agreement.normal;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our kernels against the same functions written in libtorch's operations, forward and backward. */
class FusedFunctionsGradTest {
    @ParameterizedTest
    @CsvSource({"FP32,37,2e-6", "FP32,64,2e-6", "BF16,48,2e-2", "BF16,133,2e-2"})
    void swiGlu(DType dtype, int width, double tolerance) {
        try (RandomState random = RandomState.of(1);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, 3, 5, 2L * width).to(dtype).copy();
            Tensor x = a.detach().requiresGrad(true),
                    y = a.to(DType.FP32).copy().requiresGrad(true);
            Tensor g = normal(random, 3, 5, width);
            Tensor actual = Functions.swiGlu(x.mul(2));
            Tensor twice = y.mul(2);
            Tensor expected = Functions.silu(twice.narrow(-1, 0, width)).mul(twice.narrow(-1, width, width));
            actual.backward(g.to(dtype));
            expected.backward(g);
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
        }
    }

    @ParameterizedTest
    @CsvSource({"FP32,37,2e-6", "BF16,133,2e-2"})
    void geluTanh(DType dtype, int width, double tolerance) {
        try (RandomState random = RandomState.of(3);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, 5, width).mul(3).to(dtype).copy();
            Tensor x = a.detach().requiresGrad(true),
                    y = a.to(DType.FP32).copy().requiresGrad(true);
            Tensor g = normal(random, 5, width);
            Tensor actual = Functions.geluTanh(x);
            Tensor expected = new Tensor(org.bytedeco.pytorch.global.torch.gelu(y.handle, "tanh"));
            actual.backward(g.to(dtype));
            expected.backward(g);
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
        }
    }

    @ParameterizedTest
    @CsvSource({"FP32,37,2e-6", "FP32,64,2e-6", "BF16,133,2e-2"})
    void embedding(DType dtype, int width, double tolerance) {
        try (RandomState random = RandomState.of(5);
                Tape tape = Tape.open()) {
            Tensor values = normal(random, 11, width).to(dtype).copy();
            Tensor w = values.detach().requiresGrad(true),
                    v = values.to(DType.FP32).copy().requiresGrad(true);
            // One id comes often, some never; the residual stream uses the result twice.
            Tensor ids = Tensors.of(new int[] {3, 3, 3, 10, 0, 3, 7, 7}, 2, 4);
            Tensor g = normal(random, 2, 4, width);
            Tensor actual = Functions.embedding(w, ids);
            Tensor expected = new Tensor(org.bytedeco.pytorch.global.torch.embedding(v.handle, ids.handle));
            actual.add(actual.mul(2)).backward(g.to(dtype));
            expected.add(expected.mul(2)).backward(g);
            close(actual, expected, tolerance);
            close(w.grad(), v.grad(), tolerance);
        }
    }

    @ParameterizedTest
    @CsvSource({"FP32,37,3e-6", "BF16,133,3e-2"})
    void biasedLinear(DType dtype, int width, double tolerance) {
        try (RandomState random = RandomState.of(6);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, 40, 5, 8).to(dtype).copy(),
                    c = normal(random, width, 8).to(dtype).copy(),
                    e = normal(random, width).to(dtype).copy();
            Tensor x = a.detach().requiresGrad(true),
                    y = a.to(DType.FP32).copy().requiresGrad(true);
            Tensor wx = c.detach().requiresGrad(true),
                    wy = c.to(DType.FP32).copy().requiresGrad(true);
            Tensor bx = e.detach().requiresGrad(true),
                    by = e.to(DType.FP32).copy().requiresGrad(true);
            Tensor g = normal(random, 40, 5, width);
            Tensor actual = Functions.linear(x, wx, bx);
            Tensor expected = y.matmul(wy.transpose(0, 1)).add(by);
            actual.backward(g.to(dtype));
            expected.backward(g.to(dtype).to(DType.FP32));
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
            close(wx.grad(), wy.grad(), tolerance);
            close(bx.grad(), by.grad(), tolerance);
        }
    }

    @ParameterizedTest
    @CsvSource({"FP32,37,3e-6", "FP32,384,3e-6", "BF16,133,3e-2"})
    void layerNorm(DType dtype, int width, double tolerance) {
        try (RandomState random = RandomState.of(4);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, 5, 9, width).mul(3).add(1).to(dtype).copy();
            Tensor w = normal(random, width).to(dtype).copy(),
                    b = normal(random, width).to(dtype).copy();
            Tensor x = a.detach().requiresGrad(true),
                    y = a.to(DType.FP32).copy().requiresGrad(true);
            Tensor wx = w.detach().requiresGrad(true),
                    wy = w.to(DType.FP32).copy().requiresGrad(true);
            Tensor bx = b.detach().requiresGrad(true),
                    by = b.to(DType.FP32).copy().requiresGrad(true);
            Tensor g = normal(random, 5, 9, width);
            Tensor actual = Functions.layerNorm(x, wx, bx, 1e-5);
            Tensor expected = new Tensor(org.bytedeco.pytorch.global.torch.layer_norm(
                    y.handle,
                    new long[] {width},
                    new org.bytedeco.pytorch.TensorOptional(wy.handle),
                    new org.bytedeco.pytorch.TensorOptional(by.handle),
                    1e-5,
                    false));
            actual.backward(g.to(dtype));
            expected.backward(g);
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
            close(wx.grad(), wy.grad(), tolerance);
            close(bx.grad(), by.grad(), tolerance);
        }
    }

    @ParameterizedTest
    @CsvSource({"FP32,6,6,2e-6", "FP32,64,64,2e-6", "FP32,50,36,2e-6", "BF16,18,18,2e-2", "BF16,64,64,2e-2"})
    void rotateHeadsOfAWiderRow(DType dtype, int size, int turned, double tolerance) {
        int batch = 2, tokens = 7, heads = 3, all = 5;
        try (RandomState random = RandomState.of(2);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, batch, tokens, all, size).to(dtype).copy();
            int half = turned / 2;
            Tensor angles = normal(random, batch, tokens, half);
            Tensor x = a.detach().requiresGrad(true),
                    y = a.to(DType.FP32).copy().requiresGrad(true);
            Tensor g = normal(random, batch, tokens, heads, size);
            Tensor actual = Functions.rotate(x.narrow(2, 1, heads), angles.cos(), angles.sin());
            Tensor cos = angles.cos().unsqueeze(2), sin = angles.sin().unsqueeze(2);
            Tensor part = y.narrow(2, 1, heads);
            Tensor p = part.narrow(-1, 0, half), q = part.narrow(-1, half, half);
            Tensor rest = part.narrow(-1, turned, size - turned);
            Tensor expected = Tensor.concat(
                    java.util.List.of(p.mul(cos).sub(q.mul(sin)), q.mul(cos).add(p.mul(sin)), rest), -1);
            actual.backward(g.to(dtype));
            expected.backward(g);
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
        }
    }
}
