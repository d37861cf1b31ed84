package dev.crema.model.checkpoint.gguf;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufTensor;
import dev.crema.text.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.stream.IntStream;

/**
 * Carries tensors between a GGUF file and libtorch, on all cores, a few megabytes of FP32 at a time: the whole of a large
 * matrix never lies in memory twice.
 */
final class GgufWeights {
    /** Elements that are decoded before they are copied on. */
    private static final int CHUNK = 1 << 23;
    /** Elements that one task decodes. */
    private static final int TASK = 1 << 16;

    private GgufWeights() {}

    /** Decodes a tensor into another of the same number of elements, {@code [rows, columns]} or a vector. */
    static void decode(GgufTensor stored, RowOrder order, Tensor target) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            // The rows of a vector, where their order matters, are its elements.
            boolean vector = stored.shape().length == 1;
            boolean elements = vector && !(order instanceof RowOrder.Same);
            int columns = elements ? 1 : Math.toIntExact(stored.columns());
            long rows = elements ? stored.columns() : stored.rows();
            Tensor matrix = vector ? target.unsqueeze(elements ? 1 : 0) : target; // [rows, columns]
            int height = (int) Math.clamp(CHUNK / columns, 1, rows);
            Tensor chunk = Tensors.empty(DType.FP32, Device.CPU, height, columns);
            MemorySegment values = chunk.segment();
            for (long first = 0; first < rows; first += height) {
                try (Scope step = Scope.open()) {
                    int count = (int) Math.min(height, rows - first);
                    decode(stored, order, first, count, columns, values);
                    matrix.narrow(0, first, count).copyInPlace(chunk.narrow(0, 0, count));
                }
            }
        }
    }

    private static void decode(
            GgufTensor stored, RowOrder order, long first, int count, int columns, MemorySegment values) {
        GgmlType type = stored.type();
        int rowBytes = Math.toIntExact(type.bytes(columns));
        int height = Math.max(1, TASK / columns);
        IntStream.range(0, Math.ceilDiv(count, height)).parallel().forEach(task -> {
            byte[] blocks = new byte[rowBytes];
            float[] row = new float[columns];
            for (int r = task * height; r < Math.min(count, (task + 1) * height); r++) {
                long from = order.inFile(first + r) * rowBytes;
                MemorySegment.copy(stored.data(), ValueLayout.JAVA_BYTE, from, blocks, 0, rowBytes);
                Dequantizer.row(type, blocks, row, columns);
                MemorySegment.copy(row, 0, values, ValueLayout.JAVA_FLOAT, 4L * r * columns, columns);
            }
        });
    }

    /** Takes what a file has added to each element away again. */
    static void subtract(Tensor target, int added) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            target.copyInPlace(target.to(DType.FP32).add(-added));
        }
    }

    /**
     * Encodes a matrix {@code [rows, columns]} or a vector of any type and layout, chunk by chunk.
     *
     * @param added to each element
     */
    static void encode(Tensor source, RowOrder order, int added, GgmlType type, GgufWriter.Sink sink)
            throws IOException {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            boolean elements = source.rank() == 1 && !(order instanceof RowOrder.Same);
            Tensor matrix = source.rank() == 1 ? source.unsqueeze(elements ? 1 : 0) : source; // [rows, columns]
            int columns = Math.toIntExact(matrix.size(1));
            long rows = matrix.size(0);
            // Rows change places within a head only, so a chunk is a number of whole heads.
            int group = order instanceof RowOrder.Interleaved(int headSize) ? headSize : 1;
            int height = (int) Math.min(rows, Math.ceilDiv(Math.max(1, CHUNK / columns), group) * (long) group);
            for (long first = 0; first < rows; first += height) {
                try (Scope step = Scope.open()) {
                    int count = (int) Math.min(height, rows - first);
                    Tensor chunk = matrix.narrow(0, first, count).to(Device.CPU).to(DType.FP32);
                    Tensor values = (added == 0 ? chunk : chunk.add(added)).contiguous();
                    sink.accept(encode(values.segment(), order, type, first, count, columns));
                }
            }
        }
    }

    private static ByteBuffer encode(
            MemorySegment values, RowOrder order, GgmlType type, long first, int count, int columns) {
        int rowBytes = Math.toIntExact(type.bytes(columns));
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(count, rowBytes));
        int height = Math.max(1, TASK / columns);
        IntStream.range(0, Math.ceilDiv(count, height)).parallel().forEach(task -> {
            byte[] blocks = new byte[rowBytes];
            float[] row = new float[columns];
            for (int r = task * height; r < Math.min(count, (task + 1) * height); r++) {
                long from = order.inCheckpoint(first + r) - first;
                MemorySegment.copy(values, ValueLayout.JAVA_FLOAT, 4L * from * columns, row, 0, columns);
                Quantizer.row(type, row, blocks, columns);
                bytes.put(r * rowBytes, blocks);
            }
        });
        return bytes;
    }
}
