package dev.crema.model.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.tensor.DType;
import dev.crema.text.InputException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file, checked against what the file has.
 *
 * <p>It is read token by token: a tree of a header that was made to hurt would take twenty times its size.
 */
final class SafetensorsHeader {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** As much as the format's own library reads. */
    private static final long MAX_HEADER = 100L << 20;

    private static final int MAX_TENSORS = 1 << 20;
    private static final int MAX_NAME = 4096;
    /** As many dimensions as libtorch has. */
    private static final int MAX_RANK = 64;

    private final Path file;
    private final long dataStart;
    private final long dataBytes;
    private final JsonParser parser;
    private final List<Row> rows = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** What the header says of a tensor; {@code begin} and {@code end} count from the header's end. */
    record Row(String name, DType dtype, long[] shape, long begin, long end) {}

    private SafetensorsHeader(Path file, long dataStart, long fileBytes, JsonParser parser) {
        this.file = file;
        this.dataStart = dataStart;
        this.dataBytes = fileBytes - dataStart;
        this.parser = parser;
    }

    /**
     * Reads the header of a file.
     *
     * @throws InputException if it is malformed or lies
     */
    static SafetensorsHeader read(Path file, MemorySegment memory) {
        if (memory.byteSize() < Long.BYTES) {
            throw new InputException(file + " is not a safetensors file: it has " + memory.byteSize() + " bytes");
        }
        long length = memory.get(LENGTH, 0);
        if (length < 2 || length > MAX_HEADER || length > memory.byteSize() - Long.BYTES) {
            throw new InputException(file + " is not a safetensors file, or is truncated: its header claims "
                    + Long.toUnsignedString(length) + " bytes, the file has " + memory.byteSize());
        }
        byte[] json = memory.asSlice(Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE);
        try (JsonParser parser = JSON.createParser(json)) {
            SafetensorsHeader header = new SafetensorsHeader(file, Long.BYTES + length, memory.byteSize(), parser);
            header.read();
            header.checkRanges();
            return header;
        } catch (JsonProcessingException e) {
            throw new InputException(file + " has a malformed header: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Returns where the tensors' bytes begin. */
    long dataStart() {
        return dataStart;
    }

    List<Row> rows() {
        return rows;
    }

    Map<String, String> metadata() {
        return metadata;
    }

    private void read() throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new InputException(file + " has a header that is not an object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            if (name.equals("__metadata__")) {
                readMetadata();
            } else {
                rows.add(row(checked(name)));
            }
        }
        if (parser.nextToken() != null) throw new InputException(file + " has more than one object in its header");
    }

    private String checked(String name) {
        boolean odd = name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl);
        if (odd || name.contains("../") || name.contains("..\\")) {
            String shown = name.substring(0, Math.min(40, name.length())).replaceAll("\\p{Cntrl}", "?");
            throw new InputException(file + " has a tensor of the name '" + shown + "': a name has at most " + MAX_NAME
                    + " characters, no control characters and no steps to a parent folder");
        }
        if (rows.size() == MAX_TENSORS) throw new InputException(file + " has more than " + MAX_TENSORS + " tensors");
        return name;
    }

    private void readMetadata() throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new InputException(file + " has a __metadata__ that is not an object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            if (!parser.nextToken().isScalarValue()) {
                throw new InputException(file + ": \"" + key + "\" in __metadata__ is not a text");
            }
            metadata.put(key, parser.getValueAsString(""));
        }
    }

    private Row row(String name) throws IOException {
        DType dtype = null;
        long[] shape = null, offsets = null;
        if (parser.nextToken() != JsonToken.START_OBJECT) throw incomplete(name);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            switch (parser.currentName()) {
                case "dtype" -> {
                    parser.nextToken();
                    dtype = dtype(name, parser.getValueAsString(""));
                }
                case "shape" -> shape = counts(name, MAX_RANK);
                case "data_offsets" -> offsets = counts(name, 2);
                default -> throw incomplete(name);
            }
        }
        if (dtype == null || shape == null || offsets == null || offsets.length != 2) throw incomplete(name);
        long bytes = bytes(name, dtype, shape), begin = offsets[0], end = offsets[1];
        if (begin > end || end > dataBytes || end - begin != bytes) {
            throw new InputException(file + ": tensor " + name + " of " + bytes + " bytes claims bytes " + begin
                    + " to " + end + " of " + dataBytes + ": the file is truncated or altered");
        }
        return new Row(name, dtype, shape, begin, end);
    }

    private InputException incomplete(String name) {
        return new InputException(file + ": tensor " + name + " does not have just dtype, shape and data_offsets");
    }

    private long[] counts(String name, int limit) throws IOException {
        if (parser.nextToken() != JsonToken.START_ARRAY) throw incomplete(name);
        long[] counts = new long[limit];
        int size = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            boolean whole = parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (!whole || parser.getLongValue() < 0 || size == limit) {
                throw new InputException(file + ": tensor " + name + " has at place " + size
                        + " of its shape or data_offsets what is no count, or one too many");
            }
            counts[size++] = parser.getLongValue();
        }
        return Arrays.copyOf(counts, size);
    }

    private long bytes(String name, DType dtype, long[] shape) {
        long bytes = dtype.bytes();
        for (long extent : shape) {
            if (Math.multiplyHigh(bytes, extent) != 0 || bytes * extent < 0) {
                throw new InputException(file + ": tensor " + name + " has a shape whose size overflows");
            }
            bytes *= extent;
        }
        return bytes;
    }

    private void checkRanges() {
        List<Row> sorted = new ArrayList<>(rows);
        sorted.sort(Comparator.comparingLong(Row::begin).thenComparingLong(Row::end));
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i).begin() < sorted.get(i - 1).end()) {
                throw new InputException(file + ": the tensors "
                        + sorted.get(i - 1).name() + " and " + sorted.get(i).name() + " overlap");
            }
        }
    }

    private DType dtype(String name, String dtype) {
        return switch (dtype) {
            case "F32" -> DType.FP32;
            case "BF16" -> DType.BF16;
            case "F16" -> DType.FP16;
            case "F64" -> DType.FP64;
            case "F8_E4M3" -> DType.FP8_E4M3;
            case "F8_E5M2" -> DType.FP8_E5M2;
            case "I64" -> DType.INT64;
            case "I32" -> DType.INT32;
            case "I16" -> DType.INT16;
            case "I8" -> DType.INT8;
            case "U8" -> DType.UINT8;
            case "BOOL" -> DType.BOOL;
            default ->
                throw new InputException(file + ": tensor " + name + " has the dtype " + dtype
                        + "; known are F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U8 and BOOL");
        };
    }
}
