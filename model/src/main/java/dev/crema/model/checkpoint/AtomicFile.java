package dev.crema.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that is written beside its name, synced, and renamed over it by {@link #publish}. Closed without that, it leaves
 * nothing behind.
 */
final class AtomicFile implements AutoCloseable {
    private final Path file;
    private final Path beside;
    private final FileChannel channel;

    AtomicFile(Path file) throws IOException {
        this.file = file;
        this.beside = file.resolveSibling("." + file.getFileName() + ".tmp");
        this.channel = FileChannel.open(
                beside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    }

    /** Writes a whole file at once. */
    static void write(Path file, byte[] content) throws IOException {
        try (AtomicFile written = new AtomicFile(file)) {
            written.append(ByteBuffer.wrap(content));
            written.sync();
            written.publish();
        }
    }

    void append(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) channel.write(bytes);
    }

    /** Makes what was written reach the disk. */
    void sync() throws IOException {
        channel.force(true);
    }

    /** Gives the synced file its name, in one step. */
    void publish() throws IOException {
        channel.close();
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(beside);
    }
}
