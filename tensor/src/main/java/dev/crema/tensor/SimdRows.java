package dev.crema.tensor;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.simd.HeadRows;
import dev.crema.tensor.simd.Rows;
import java.util.List;

/** Hands tensors to the CPU kernels as rows. */
final class SimdRows {
    private SimdRows() {}

    /** Tells whether the CPU kernels can work on a tensor: it is there, in fp32 or bf16. */
    static boolean fit(Tensor tensor) {
        DType dtype = tensor.dtype();
        return tensor.device().isCpu() && (dtype == DType.FP32 || dtype == DType.BF16);
    }

    /** Tells whether our own machine code multiplies numbers of a type here. */
    static boolean tiles(DType dtype) {
        return switch (dtype) {
            case FP32 -> CpuFeatures.current().tiles(true);
            case BF16 -> CpuFeatures.current().tiles(false);
            default -> false;
        };
    }

    /** Returns how heads turn: by cosines and sines {@code [B, T, r/2]} FP32, or not at all. */
    static HeadRows.Turn turn(List<Tensor> angles) {
        return angles.isEmpty()
                ? new HeadRows.Turn.None()
                : new HeadRows.Turn.By(of(angles.get(0)), of(angles.get(1)), 1);
    }

    /** Returns a contiguous tensor as rows of its last dimension. */
    static Rows of(Tensor tensor) {
        int columns = (int) tensor.size(-1);
        return Rows.of(tensor.segment(), tensor.dtype() == DType.FP32, tensor.elements() / columns, columns);
    }
}
