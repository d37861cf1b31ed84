package dev.crema.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Makes tensors; the innermost {@link Scope} owns each. */
public final class Tensors {
    private Tensors() {}

    /** Returns a tensor whose elements are whatever lay there. */
    public static Tensor empty(DType dtype, Device device, long... shape) {
        return new Tensor(torch.empty(shape, options(dtype, device), new MemoryFormatOptional()));
    }

    public static Tensor zeros(DType dtype, Device device, long... shape) {
        return new Tensor(torch.zeros(shape, options(dtype, device)));
    }

    /** Returns zeros of the shape, type and device of another tensor. */
    public static Tensor zerosLike(Tensor other) {
        return new Tensor(torch.zeros_like(other.handle));
    }

    /** Returns room of the shape, type and device of another tensor. */
    public static Tensor emptyLike(Tensor other) {
        return new Tensor(torch.empty_like(other.handle));
    }

    public static Tensor full(double value, DType dtype, Device device, long... shape) {
        return new Tensor(torch.full(shape, new Scalar(value), options(dtype, device)));
    }

    /** Returns {@code 0, 1, ..., end - 1} as INT64. */
    public static Tensor arange(long end, Device device) {
        return new Tensor(torch.arange(new Scalar(end), options(DType.INT64, device)));
    }

    /** Returns a CPU tensor (FP32) with a copy of the values. */
    public static Tensor of(float[] values, long... shape) {
        Tensor tensor = empty(DType.FP32, Device.CPU, checked(values.length, shape));
        MemorySegment.copy(values, 0, tensor.segment(), ValueLayout.JAVA_FLOAT, 0, values.length);
        return tensor;
    }

    /** Returns a CPU tensor (INT64) with a copy of the values. */
    public static Tensor of(long[] values, long... shape) {
        Tensor tensor = empty(DType.INT64, Device.CPU, checked(values.length, shape));
        MemorySegment.copy(values, 0, tensor.segment(), ValueLayout.JAVA_LONG, 0, values.length);
        return tensor;
    }

    /** Returns a CPU tensor (INT32) with a copy of the values. */
    public static Tensor of(int[] values, long... shape) {
        Tensor tensor = empty(DType.INT32, Device.CPU, checked(values.length, shape));
        MemorySegment.copy(values, 0, tensor.segment(), ValueLayout.JAVA_INT, 0, values.length);
        return tensor;
    }

    /** Returns a CPU tensor (BOOL) with a copy of the values. */
    public static Tensor of(boolean[] values, long... shape) {
        Tensor tensor = empty(DType.BOOL, Device.CPU, checked(values.length, shape));
        MemorySegment segment = tensor.segment();
        for (int i = 0; i < values.length; i++) segment.set(ValueLayout.JAVA_BYTE, i, values[i] ? (byte) 1 : 0);
        return tensor;
    }

    /**
     * Returns a CPU tensor over native memory, without a copy; the memory must outlive the tensor.
     *
     * @throws IllegalArgumentException if the segment is on the heap or its size is not the shape's
     */
    public static Tensor over(MemorySegment memory, DType dtype, long... shape) {
        long elements = 1;
        for (long extent : shape) elements = Math.multiplyExact(elements, extent);
        if (!memory.isNative() || memory.byteSize() != elements * dtype.bytes()) {
            throw new IllegalArgumentException(
                    "a segment of " + memory.byteSize() + " bytes cannot back " + elements + " elements of " + dtype);
        }
        return new Tensor(torch.from_blob(new Address(memory), shape, options(dtype, Device.CPU)));
    }

    private static long[] checked(int length, long[] shape) {
        long elements = 1;
        for (long extent : shape) elements = Math.multiplyExact(elements, extent);
        if (elements != length) {
            throw new IllegalArgumentException(length + " values do not fill a shape of " + elements + " elements");
        }
        return shape;
    }

    static TensorOptions options(DType dtype, Device device) {
        TensorOptions options = new TensorOptions(dtype.scalarType);
        return device.isCpu() ? options : options.device(new org.bytedeco.pytorch.DeviceOptional(device.handle()));
    }

    /** A pointer at memory that somebody else owns. */
    static final class Address extends Pointer {
        Address(MemorySegment memory) {
            this.address = memory.address();
        }
    }
}
