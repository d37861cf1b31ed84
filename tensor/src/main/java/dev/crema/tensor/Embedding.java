package dev.crema.tensor;

import dev.crema.tensor.simd.EmbeddingRows;
import java.util.Arrays;
import org.bytedeco.pytorch.global.torch;

/**
 * Looks rows of a matrix up, with the gradient of the matrix.
 *
 * <p>libtorch adds the gradient up token by token, each an operation of its own; on the CPU our own kernel takes its place.
 */
final class Embedding {
    private Embedding() {}

    static Tensor apply(Tensor weight, Tensor ids) {
        boolean recording = Autograd.recording() && weight.requiresGrad();
        if (!recording || !SimdRows.fit(weight)) return new Tensor(torch.embedding(weight.handle, ids.handle));
        try (Scope scope = Scope.open()) {
            Tensor value;
            try (var off = Autograd.off()) {
                value = new Tensor(torch.embedding(weight.handle, ids.handle));
            }
            int[] rows = Arrays.stream(ids.toLongs()).mapToInt(Math::toIntExact).toArray();
            return scope.keep(CustomGradient.beginning(value, gradient -> collect(weight, rows, gradient)));
        }
    }

    private static void collect(Tensor weight, int[] ids, Tensor gradient) {
        if (!weight.hasGrad()) weight.grad(Tensors.zeros(weight.dtype(), Device.CPU, weight.shape()));
        EmbeddingRows.add(SimdRows.of(gradient.contiguous()), ids, SimdRows.of(weight.grad()));
    }
}
