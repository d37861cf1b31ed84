package dev.crema.text.gguf;

import dev.crema.text.InputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A GGUF file, mapped into memory: metadata by key, then the table of tensors, then their blocks.
 *
 * <p>Everything that the header says is checked against the file before any of it is believed or memory is taken for
 * it. The tensors' data is valid until the file is closed.
 */
public final class GgufFile implements AutoCloseable {
    /** The bytes "GGUF" as a number. */
    static final int MAGIC = 0x46554747;

    static final int ALIGNMENT = 32;

    private static final String ALIGNMENT_KEY = "general.alignment";
    private static final int MAX_ENTRIES = 1 << 16;
    private static final int MAX_NAME = (1 << 16) - 1;
    private static final int MAX_RANK = 4;

    private final Path path;
    private final Arena arena;
    private final int version;
    private final GgufMetadata metadata;
    private final Map<String, GgufTensor> tensors;

    private GgufFile(Path path, Arena arena, int version, GgufMetadata metadata, Map<String, GgufTensor> tensors) {
        this.path = path;
        this.arena = arena;
        this.version = version;
        this.metadata = metadata;
        this.tensors = tensors;
    }

    /** Tell whether a path is a file of this kind: by its first bytes, since names are often those of a hash. */
    public static boolean isGguf(Path path) {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (var stream = Files.newInputStream(path)) {
            byte[] start = stream.readNBytes(Integer.BYTES);
            return start.length == Integer.BYTES && MemorySegment.ofArray(start).get(GgufValue.Kind.INT, 0) == MAGIC;
        } catch (IOException e) {
            throw new InputException(path + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Map a file.
     *
     * @throws InputException if it cannot be read or its header lies
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena is closed by close()
    public static GgufFile open(Path path) {
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            GgufFile file = parse(path, arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
            opened = true;
            return file;
        } catch (IOException e) {
            throw new InputException(path + " cannot be read: " + e.getMessage(), e);
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    /**
     * Read a file that lies in memory; for one thread.
     *
     * @param path what errors call it
     * @throws InputException if its header lies
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena is closed by close()
    public static GgufFile of(Path path, MemorySegment memory) {
        return parse(path, Arena.ofConfined(), memory);
    }

    private static GgufFile parse(Path path, Arena arena, MemorySegment memory) {
        String file = path.toString();
        GgufCursor cursor = new GgufCursor(file, memory);
        if (memory.byteSize() < Integer.BYTES || cursor.int32("the magic number") != MAGIC) {
            throw new InputException(file + " is not a GGUF file: it does not begin with \"GGUF\"");
        }
        int version = version(file, cursor.int32("the version"));
        int tensorCount = cursor.count("the number of tensors", 24, MAX_ENTRIES);
        int keyCount = cursor.count("the number of metadata keys", 13, MAX_ENTRIES);
        Map<String, GgufValue> values = new LinkedHashMap<>();
        for (int i = 0; i < keyCount; i++) {
            String key = cursor.name("metadata key " + i, MAX_NAME);
            if (values.putIfAbsent(key, cursor.value(key)) != null) {
                throw new InputException(file + ": the metadata key " + key + " is there twice");
            }
        }
        GgufMetadata metadata = new GgufMetadata(file, values);
        Map<String, GgufTensor> tensors = tensors(file, cursor, tensorCount, alignment(file, metadata), memory);
        return new GgufFile(path, arena, version, metadata, tensors);
    }

    private static int version(String file, int version) {
        if (version == 2 || version == 3) {
            return version;
        }
        int swapped = Integer.reverseBytes(version);
        String remedy = swapped == 2 || swapped == 3
                ? "it is of a big-endian machine; convert it with gguf_convert_endian.py"
                : "versions 2 and 3 are read; convert it anew with a current llama.cpp";
        throw new InputException(file + " has the GGUF version " + Integer.toUnsignedString(version) + ": " + remedy);
    }

    private static int alignment(String file, GgufMetadata metadata) {
        int alignment = metadata.whole(ALIGNMENT_KEY, ALIGNMENT);
        if (Integer.bitCount(alignment) != 1) {
            throw new InputException(file + ": " + ALIGNMENT_KEY + " is " + alignment + "; it has to be a power of 2");
        }
        return alignment;
    }

    /** What the table says of a tensor; where its data lies can only be told at the table's end. */
    private record Row(String name, GgmlType type, long[] shape, long offset, long bytes) {
        long end() {
            return offset + bytes;
        }
    }

    private static Map<String, GgufTensor> tensors(
            String file, GgufCursor cursor, int count, int alignment, MemorySegment memory) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(row(file, cursor, i, alignment, memory.byteSize()));
        }
        long start = Math.min(memory.byteSize(), Math.ceilDiv(cursor.position(), alignment) * (long) alignment);
        MemorySegment data = memory.asSlice(start);
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (Row row : rows) {
            if (row.end() > data.byteSize()) {
                throw new InputException(file + ": tensor " + row.name() + " claims bytes " + row.offset() + " to "
                        + row.end() + " of " + data.byteSize() + ": the file is truncated or altered");
            }
            GgufTensor tensor =
                    new GgufTensor(row.name(), row.type(), row.shape(), data.asSlice(row.offset(), row.bytes()));
            if (tensors.putIfAbsent(row.name(), tensor) != null) {
                throw new InputException(file + ": the tensor " + row.name() + " is there twice");
            }
        }
        rows.sort(Comparator.comparingLong(Row::offset));
        for (int i = 1; i < rows.size(); i++) {
            if (rows.get(i).offset() < rows.get(i - 1).end()) {
                throw new InputException(file + ": the tensors "
                        + rows.get(i - 1).name() + " and " + rows.get(i).name() + " overlap");
            }
        }
        return tensors;
    }

    private static Row row(String file, GgufCursor cursor, int index, int alignment, long limit) {
        String name = cursor.name("tensor " + index, MAX_NAME);
        String where = file + ": tensor " + name;
        int rank = cursor.int32(name);
        if (rank < 1 || rank > MAX_RANK) {
            throw new InputException(
                    where + " has " + Integer.toUnsignedString(rank) + " dimensions; it has 1 to " + MAX_RANK);
        }
        long[] shape = new long[rank];
        long elements = 1;
        for (int dim = rank - 1; dim >= 0; dim--) { // the file has the innermost dimension first
            shape[dim] = cursor.int64(name);
            // No type takes less than a quarter of a byte an element.
            if (shape[dim] < 1 || shape[dim] > 4 * limit / elements) {
                throw new InputException(where + " has a dimension of " + Long.toUnsignedString(shape[dim])
                        + ", which the file cannot hold");
            }
            elements *= shape[dim];
        }
        GgmlType type = GgmlType.of(where, cursor.int32(name));
        if (shape[rank - 1] % type.blockElements() != 0) {
            throw new InputException(where + " has rows of " + shape[rank - 1] + " elements; " + type
                    + " wants a multiple of " + type.blockElements());
        }
        long offset = cursor.int64(name);
        if (offset < 0 || offset > limit || offset % alignment != 0) {
            throw new InputException(where + " begins at byte " + Long.toUnsignedString(offset)
                    + "; it has to be a multiple of " + alignment + " inside the file");
        }
        return new Row(name, type, shape, offset, type.bytes(elements));
    }

    public Path path() {
        return path;
    }

    public int version() {
        return version;
    }

    public GgufMetadata metadata() {
        return metadata;
    }

    /** Give the tensors by name, in the order of the file. */
    public Map<String, GgufTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void close() {
        arena.close();
    }
}
