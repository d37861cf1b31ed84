package dev.crema.model.checkpoint;

import static java.nio.channels.FileChannel.MapMode.READ_ONLY;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A safetensors file, mapped into memory: eight bytes of header length, a JSON header, the elements.
 *
 * <p>Everything that the header says is checked against the file before any of it is believed. Tensors over the mapping
 * are valid until it is closed. Small tensors are best used in place; a model's weights are better read
 * ({@link Entry#read}), since pages of the mapping would be resident beside the copy.
 */
public final class Safetensors implements AutoCloseable {
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
        SafetensorsHeader header = SafetensorsHeader.read(source.file(), source.memory());
        long start = header.dataStart();
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (SafetensorsHeader.Row row : header.rows()) {
            MemorySegment elements = source.memory().asSlice(start + row.begin(), row.end() - row.begin());
            entries.put(
                    row.name(), new Entry(row.name(), row.dtype(), row.shape(), elements, source, start + row.begin()));
        }
        return new Safetensors(source, arena, entries, header.metadata());
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

    /**
     * Fills tensors with the file's of the same names and shapes, converting their type, without a second copy of any.
     *
     * @throws InputException if the file has none of a name, or cannot be read
     */
    public void readInto(Map<String, Tensor> targets) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            TensorReads reads = new TensorReads();
            targets.forEach((name, target) -> reads.add(entry(name), target.detach()));
            reads.run();
        }
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
