package dev.crema.tensor;

import dev.crema.tensor.simd.Rows;

/** Hands tensors to the CPU kernels as rows. */
final class SimdRows {
    private SimdRows() {}

    /** Tells whether the CPU kernels can work on a tensor: it is there, in fp32 or bf16. */
    static boolean fit(Tensor tensor) {
        DType dtype = tensor.dtype();
        return tensor.device().isCpu() && (dtype == DType.FP32 || dtype == DType.BF16);
    }

    /** Returns a contiguous tensor as rows of its last dimension. */
    static Rows of(Tensor tensor) {
        int columns = (int) tensor.size(-1);
        return Rows.of(tensor.segment(), tensor.dtype() == DType.FP32, tensor.elements() / columns, columns);
    }
}
