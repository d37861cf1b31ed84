package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Writes safetensors files: beside, synced, then renamed, so that no reader ever sees half of one. */
public final class SafetensorsWriter {
    private static final int CHUNK = 1 << 30;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private SafetensorsWriter() {}

    /** Writes tensors under their names, with {@code format: pt} in the metadata as transformers expects. */
    public static void write(Path file, Map<String, Tensor> tensors) throws IOException {
        try (AtomicFile written = new AtomicFile(file)) {
            write(written, tensors);
            written.publish();
        }
    }

    /** Writes and syncs all of a file but its name. */
    static void write(AtomicFile file, Map<String, Tensor> tensors) throws IOException {
        byte[] header = header(tensors);
        file.append(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header.length));
        file.append(ByteBuffer.wrap(header));
        for (Tensor tensor : tensors.values()) {
            try (Scope scope = Scope.open()) {
                var memory = tensor.detach().to(Device.CPU).contiguous().segment();
                for (long at = 0; at < memory.byteSize(); at += CHUNK) {
                    file.append(memory.asSlice(at, Math.min(CHUNK, memory.byteSize() - at))
                            .asByteBuffer());
                }
            }
        }
        file.sync();
    }

    private static byte[] header(Map<String, Tensor> tensors) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.putObject("__metadata__").put("format", "pt");
        long offset = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Tensor tensor = entry.getValue();
            ObjectNode node = root.putObject(entry.getKey());
            node.put("dtype", dtype(tensor.dtype()));
            Arrays.stream(tensor.shape()).forEach(node.putArray("shape")::add);
            node.putArray("data_offsets").add(offset).add(offset += tensor.bytes());
        }
        byte[] json = JSON.writeValueAsBytes(root);
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static String dtype(DType dtype) {
        return switch (dtype) {
            case FP32 -> "F32";
            case BF16 -> "BF16";
            case FP16 -> "F16";
            case FP64 -> "F64";
            case FP8_E4M3 -> "F8_E4M3";
            case FP8_E5M2 -> "F8_E5M2";
            case INT64 -> "I64";
            case INT32 -> "I32";
            case INT16 -> "I16";
            case INT8 -> "I8";
            case UINT8 -> "U8";
            case BOOL -> "BOOL";
        };
    }
}
