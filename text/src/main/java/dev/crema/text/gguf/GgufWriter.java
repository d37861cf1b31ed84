package dev.crema.text.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/** Writes GGUF files of version 3: beside, synced, then renamed, so that no reader ever sees half of one. */
public final class GgufWriter {
    private static final int VERSION = 3;

    private GgufWriter() {}

    /** What is going to be written of a tensor; {@code shape} has the rows first. */
    public record Planned(String name, GgmlType type, long[] shape) {
        /** Give the size of its blocks in bytes. */
        public long bytes() {
            long elements = 1;
            for (long extent : shape) {
                elements = Math.multiplyExact(elements, extent);
            }
            return type.bytes(elements);
        }
    }

    /** Gives the blocks of a tensor, in pieces of any size. */
    @FunctionalInterface
    public interface Source {
        void write(Planned tensor, Sink sink) throws IOException;
    }

    /** Takes the next bytes of a tensor. */
    @FunctionalInterface
    public interface Sink {
        void accept(ByteBuffer bytes) throws IOException;
    }

    /**
     * Write a file, or leave what was there before.
     *
     * @throws IllegalStateException if the source gives a tensor another number of bytes than was planned
     */
    public static void write(Path file, Map<String, GgufValue> metadata, List<Planned> tensors, Source source)
            throws IOException {
        Path beside = file.resolveSibling("." + file.getFileName() + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(
                    beside,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                writeFully(channel, ByteBuffer.wrap(header(metadata, tensors)));
                pad(channel);
                for (Planned tensor : tensors) {
                    long start = channel.position();
                    source.write(tensor, bytes -> writeFully(channel, bytes));
                    if (channel.position() - start != tensor.bytes()) {
                        throw new IllegalStateException(tensor.name() + " was given " + (channel.position() - start)
                                + " bytes of " + tensor.bytes());
                    }
                    pad(channel);
                }
                channel.force(true);
            }
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    static byte[] header(Map<String, GgufValue> metadata, List<Planned> tensors) {
        Bytes bytes = new Bytes();
        bytes.int32(GgufFile.MAGIC).int32(VERSION).int64(tensors.size()).int64(metadata.size());
        metadata.forEach((key, value) -> bytes.text(key).value(value));
        long offset = 0;
        for (Planned tensor : tensors) {
            bytes.text(tensor.name()).int32(tensor.shape().length);
            for (int dim = tensor.shape().length - 1; dim >= 0; dim--) {
                bytes.int64(tensor.shape()[dim]);
            }
            bytes.int32(tensor.type().id()).int64(offset);
            offset = aligned(offset + tensor.bytes());
        }
        return bytes.toByteArray();
    }

    private static long aligned(long offset) {
        return Math.ceilDiv(offset, GgufFile.ALIGNMENT) * GgufFile.ALIGNMENT;
    }

    private static void pad(FileChannel channel) throws IOException {
        writeFully(channel, ByteBuffer.allocate((int) (aligned(channel.position()) - channel.position())));
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Collects a header. */
    private static final class Bytes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Bytes int32(int value) {
            out.writeBytes(littleEndian(Integer.BYTES).putInt(0, value).array());
            return this;
        }

        Bytes int64(long value) {
            out.writeBytes(littleEndian(Long.BYTES).putLong(0, value).array());
            return this;
        }

        Bytes text(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            int64(utf8.length);
            out.writeBytes(utf8);
            return this;
        }

        void value(GgufValue value) {
            switch (value) {
                case GgufValue.Whole(long number) -> {
                    if (number < 0 || number > 0xFFFF_FFFFL) {
                        throw new IllegalArgumentException(number + " does not fit 32 bits without a sign");
                    }
                    kind(GgufValue.Kind.UINT32).int32((int) number);
                }
                case GgufValue.Real(double number) ->
                    kind(GgufValue.Kind.FLOAT32).int32(Float.floatToIntBits((float) number));
                case GgufValue.Flag(boolean yes) ->
                    kind(GgufValue.Kind.BOOL).out.write(yes ? 1 : 0);
                case GgufValue.Text(String text) -> kind(GgufValue.Kind.STRING).text(text);
                case GgufValue.Array array -> {
                    kind(GgufValue.Kind.ARRAY).kind(array.element()).int64(array.count());
                    out.writeBytes(array.bytes().toArray(ValueLayout.JAVA_BYTE));
                }
            }
        }

        private Bytes kind(GgufValue.Kind kind) {
            return int32(kind.ordinal());
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }

        private static ByteBuffer littleEndian(int size) {
            return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
