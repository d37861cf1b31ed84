package dev.crema.model.checkpoint;

import static java.nio.channels.FileChannel.MapMode.READ_ONLY;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file, mapped into memory: eight bytes of header length, a JSON header, the elements.
 *
 * <p>Everything that the header says is checked against the file before any of it is believed. Tensors over the mapping
 * are valid until it is closed. Small tensors are best used in place; a model's weights are better read
 * ({@link Entry#read}), since pages of the mapping would be resident beside the copy.
 */
public final class Safetensors implements AutoCloseable {
    private static final long MAX_HEADER = 100L << 20;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(com.fasterxml.jackson.core.StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Source source;
    private final Arena arena;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    /** An open file and its mapping. */
    record Source(Path file, FileChannel channel, MemorySegment memory) {}

    /**
     * One tensor of the file.
     *
     * @param memory its elements in the mapping
     * @param position where in the file they begin
     */
    public record Entry(String name, DType dtype, long[] shape, MemorySegment memory, Source source, long position) {
        /** Returns a tensor over the mapped memory; the innermost scope owns the handle. */
        public Tensor tensor() {
            return Tensors.over(memory, dtype, shape);
        }

        /** Returns the file that holds it. */
        Path file() {
            return source.file();
        }

        /**
         * Reads bytes of the tensor, from {@code offset}, until the target is full.
         *
         * @throws InputException if the file cannot be read, or is shorter than when it was opened
         */
        void read(long offset, MemorySegment target) {
            ByteBuffer buffer = target.asByteBuffer();
            try {
                while (buffer.hasRemaining()) {
                    if (source.channel().read(buffer, position + offset + buffer.position()) < 0) {
                        throw new InputException(file() + " became shorter while it was read");
                    }
                }
            } catch (IOException e) {
                throw new InputException(file() + " cannot be read: " + e.getMessage(), e);
            }
        }
    }

    private Safetensors(Source source, Arena arena, Map<String, Entry> entries, Map<String, String> metadata) {
        this.source = source;
        this.arena = arena;
        this.entries = entries;
        this.metadata = metadata;
    }

    /**
     * Maps a file.
     *
     * @throws InputException if it cannot be read or its header lies
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena is closed by close()
    public static Safetensors open(Path file) {
        Arena arena = Arena.ofShared();
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            try {
                return parse(new Source(file, channel, channel.map(READ_ONLY, 0, channel.size(), arena)), arena);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            arena.close();
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static Safetensors parse(Source source, Arena arena) {
        Path file = source.file();
        MemorySegment memory = source.memory();
        if (memory.byteSize() < 8)
            throw new InputException(file + " is not a safetensors file: it has " + memory.byteSize() + " bytes");
        long length = memory.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        if (length < 2 || length > MAX_HEADER || length > memory.byteSize() - 8) {
            throw new InputException(file + " is not a safetensors file, or is truncated: its header claims " + length
                    + " bytes, the file has " + memory.byteSize());
        }
        JsonNode header;
        try {
            header = JSON.readTree(memory.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE));
        } catch (JsonProcessingException e) {
            throw new InputException(file + " has a malformed header: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
        if (!header.isObject()) throw new InputException(file + " has a header that is not an object");
        Map<String, Entry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        List<long[]> ranges = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : header.properties()) {
            if (field.getKey().equals("__metadata__")) {
                field.getValue()
                        .properties()
                        .forEach(p -> metadata.put(p.getKey(), p.getValue().asText()));
            } else {
                entries.put(field.getKey(), entry(source, 8 + length, field.getKey(), field.getValue(), ranges));
            }
        }
        checkRanges(file, ranges);
        return new Safetensors(source, arena, entries, metadata);
    }

    private static Entry entry(Source source, long start, String name, JsonNode node, List<long[]> ranges) {
        Path file = source.file();
        MemorySegment data = source.memory().asSlice(start);
        JsonNode shapeNode = node.path("shape"), offsets = node.path("data_offsets");
        if (!node.path("dtype").isTextual() || !shapeNode.isArray() || !offsets.isArray() || offsets.size() != 2) {
            throw new InputException(file + ": tensor " + name + " lacks dtype, shape or data_offsets");
        }
        DType dtype = dtype(file, name, node.path("dtype").asText());
        long[] shape = new long[shapeNode.size()];
        long bytes = dtype.bytes();
        for (int i = 0; i < shape.length; i++) {
            shape[i] = integer(file, name, shapeNode.get(i));
            bytes = shape[i] == 0 ? 0 : multiply(file, name, bytes, shape[i]);
        }
        long begin = integer(file, name, offsets.get(0)), end = integer(file, name, offsets.get(1));
        if (begin > end || end > data.byteSize() || end - begin != bytes) {
            throw new InputException(file + ": tensor " + name + " of " + bytes + " bytes claims bytes " + begin
                    + " to " + end + " of " + data.byteSize() + ": the file is truncated or altered");
        }
        ranges.add(new long[] {begin, end});
        return new Entry(name, dtype, shape, data.asSlice(begin, bytes), source, start + begin);
    }

    private static long integer(Path file, String name, JsonNode node) {
        if (!node.isIntegralNumber() || !node.canConvertToLong() || node.asLong() < 0) {
            throw new InputException(file + ": tensor " + name + " has " + node + " where a count belongs");
        }
        return node.asLong();
    }

    private static long multiply(Path file, String name, long a, long b) {
        long product = a * b;
        if (Math.multiplyHigh(a, b) != 0 || product < 0) {
            throw new InputException(file + ": tensor " + name + " has a shape whose size overflows");
        }
        return product;
    }

    private static void checkRanges(Path file, List<long[]> ranges) {
        ranges.sort(Comparator.comparingLong(r -> r[0]));
        for (int i = 1; i < ranges.size(); i++) {
            if (ranges.get(i)[0] < ranges.get(i - 1)[1]) {
                throw new InputException(file + ": tensors overlap at byte " + ranges.get(i)[0]);
            }
        }
    }

    private static DType dtype(Path file, String name, String dtype) {
        return switch (dtype) {
            case "F32" -> DType.FP32;
            case "BF16" -> DType.BF16;
            case "F16" -> DType.FP16;
            case "F64" -> DType.FP64;
            case "I64" -> DType.INT64;
            case "I32" -> DType.INT32;
            case "I16" -> DType.INT16;
            case "I8" -> DType.INT8;
            case "U8" -> DType.UINT8;
            case "BOOL" -> DType.BOOL;
            default ->
                throw new InputException(file + ": tensor " + name + " has the dtype " + dtype
                        + "; known are F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL");
        };
    }

    public Path file() {
        return source.file();
    }

    /** Returns the tensors by name, in the header's order. */
    public Map<String, Entry> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /** Returns the free-form metadata. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /**
     * Returns a tensor's entry.
     *
     * @throws InputException if the file has none of that name
     */
    public Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) throw new InputException(file() + " has no tensor " + name);
        return entry;
    }

    @Override
    public void close() {
        arena.close();
        try {
            source.channel().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
