package dev.crema.model.checkpoint.onnx;

import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import dev.crema.text.protobuf.Protobuf;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A tensor of an ONNX file ({@code TensorProto}). Its elements lie in {@code raw_data}, or in {@code float_data}, which as
 * little-endian bytes is the same; a few integers may also be packed one by one.
 */
record OnnxTensor(String name, long[] shape, long dataType, MemorySegment elements, long[] integers) {
    private static final int FLOAT = 1, INT64 = 7, FLOAT16 = 10, DOUBLE = 11, BFLOAT16 = 16;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static OnnxTensor read(Protobuf message) {
        LongList shape = new LongList(), integers = new LongList();
        String name = "";
        long dataType = 0;
        MemorySegment elements = MemorySegment.NULL;
        while (message.next()) {
            switch (message.field()) {
                case 1 -> message.numbers(shape::add);
                case 2 -> dataType = message.number();
                case 4, 9 -> {
                    if (elements.byteSize() > 0)
                        throw new InputException("The ONNX tensor " + name + " has elements twice");
                    elements = message.bytes();
                }
                case 7 -> message.numbers(integers::add);
                case 8 -> name = message.text();
                case 13, 14 -> {
                    if (message.field() == 13 || message.number() != 0) {
                        throw new InputException("The ONNX model keeps weights in another file; export it as one file");
                    }
                }
                default -> {}
            }
        }
        if (shape.tooLong()) throw new InputException("The ONNX tensor " + name + " has too many dimensions");
        return new OnnxTensor(
                name, shape.toArray(), dataType, elements, integers.tooLong() ? new long[0] : integers.toArray());
    }

    /** Tells whether the elements are of a floating type. */
    boolean real() {
        return dataType == FLOAT || dataType == FLOAT16 || dataType == BFLOAT16;
    }

    /** Returns how {@code config.json} calls the type of the elements. */
    String dtypeName() {
        return dataType == FLOAT16 ? "float16" : dataType == BFLOAT16 ? "bfloat16" : "float32";
    }

    /**
     * Returns a copy as a tensor; the innermost scope owns it.
     *
     * @throws InputException if it has not as many elements as its shape says, or is of a type that no weight has
     */
    Tensor tensor() {
        DType dtype = switch ((int) dataType) {
            case FLOAT -> DType.FP32;
            case FLOAT16 -> DType.FP16;
            case BFLOAT16 -> DType.BF16;
            default ->
                throw new InputException("The ONNX tensor " + name + " has the type " + dataType
                        + "; weights are FLOAT (1), FLOAT16 (10) or BFLOAT16 (16): quantized models are not read");
        };
        long bytes = dtype.bytes();
        for (long extent : shape) {
            if (extent < 1 || bytes > elements.byteSize() / extent) throw lies();
            bytes *= extent;
        }
        if (bytes != elements.byteSize()) throw lies();
        Tensor tensor = Tensors.empty(dtype, Device.CPU, shape);
        tensor.segment().copyFrom(elements);
        return tensor;
    }

    private InputException lies() {
        return new InputException("The ONNX tensor " + name + " of the shape " + Arrays.toString(shape) + " has "
                + elements.byteSize() + " bytes of elements: the file is truncated or altered");
    }

    /** Returns the elements of a small INT64 tensor; empty if it is none. */
    long[] longs() {
        if (dataType != INT64 || elements.byteSize() > 64 || elements.byteSize() % 8 != 0) return new long[0];
        return integers.length > 0 ? integers : elements.toArray(LONG);
    }

    /** Returns the only element of a FLOAT or DOUBLE tensor; NaN if it is none. */
    double scalar() {
        if (dataType == FLOAT && elements.byteSize() == 4) return Float.intBitsToFloat(elements.get(INT, 0));
        return dataType == DOUBLE && elements.byteSize() == 8
                ? Double.longBitsToDouble(elements.get(LONG, 0))
                : Double.NaN;
    }
}
