package dev.crema.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Brings elements from native memory to the heap. */
final class HostMemory {
    private HostMemory() {}

    static MemorySegment segment(Tensor tensor) {
        if (!tensor.device().isCpu() || !tensor.isContiguous()) {
            throw new IllegalStateException(tensor + " is not contiguous on the CPU");
        }
        if (tensor.elements() == 0) return MemorySegment.NULL; // libtorch gives it no address
        return MemorySegment.ofAddress(tensor.data().address()).reinterpret(tensor.bytes());
    }

    static float[] floats(Tensor tensor) {
        try (Scope scope = Scope.open()) {
            Tensor host = tensor.detach().to(Device.CPU).to(DType.FP32).contiguous();
            return segment(host).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    static long[] longs(Tensor tensor) {
        try (Scope scope = Scope.open()) {
            Tensor host = tensor.detach().to(Device.CPU).to(DType.INT64).contiguous();
            return segment(host).toArray(ValueLayout.JAVA_LONG);
        }
    }
}
