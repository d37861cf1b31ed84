package dev.crema.cli.bench;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.LibTorch;
import dev.crema.tensor.RandomState;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;

/** The fastest matrix product of this process: what all other figures are measured against. */
public final class GemmPeak {
    private static final int SIZE = 2048;
    private static final int REPETITIONS = 20;

    private GemmPeak() {}

    /**
     * Returns GFLOP/s of the best of twenty products of 2048 x 2048 matrices. Of bf16 it is fp32's where the processor has no
     * products in bf16.
     */
    public static double measure(DType wanted) {
        DType dtype = LibTorch.fastBf16() ? wanted : DType.FP32;
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1);
                var off = Autograd.off()) {
            Tensor a = random.normal(Tensors.empty(DType.FP32, Device.CPU, SIZE, SIZE), 0, 1)
                    .to(dtype);
            Tensor b = random.normal(Tensors.empty(DType.FP32, Device.CPU, SIZE, SIZE), 0, 1)
                    .to(dtype);
            double best = Double.POSITIVE_INFINITY;
            for (int i = 0; i < REPETITIONS; i++) {
                try (Scope inner = Scope.open()) {
                    long begin = System.nanoTime();
                    a.matmul(b);
                    best = Math.min(best, (System.nanoTime() - begin) / 1e9);
                }
            }
            return 2.0 * SIZE * SIZE * SIZE / best / 1e9;
        }
    }
}
