package dev.crema.train.run;

import dev.crema.text.InputException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Owns the folder of a run while the run goes on.
 *
 * <pre>
 * recipe.yaml             the resolved recipe
 * metrics.jsonl           one line a step
 * events.out.tfevents.*   the same for TensorBoard
 * checkpoints/step-N/     whole checkpoints
 * best                    names the best of them
 * run.lock                held while a process runs in the folder
 * </pre>
 *
 * <p>The lock is the operating system's: it goes with the process that held it, however that ends.
 */
public final class RunFolder implements Closeable {
    private static final String LOCK = "run.lock";

    private final Path path;
    private final FileChannel lock;

    private RunFolder(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Opens a run's folder, made if it is not there, and locks it.
     *
     * @throws InputException if another process, or another run of this one, holds it
     */
    public static RunFolder open(Path path) throws IOException {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new InputException("run folder " + path + " is a file; name a folder");
        }
        Files.createDirectories(path);
        FileChannel channel = FileChannel.open(
                path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            // The lock is on a byte far behind the text: Windows lets nobody read a locked byte.
            @Nullable FileLock held = channel.tryLock(1 << 20, 1, false);
            if (held == null) {
                throw inUse(path);
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw inUse(path);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        return new RunFolder(path, channel);
    }

    private static InputException inUse(Path path) throws IOException {
        String holder = Files.readString(path.resolve(LOCK)).strip();
        return new InputException("run folder " + path + " is in use by process " + holder
                + "; wait for it to end, or name another folder");
    }

    /** Returns the folder itself. */
    public Path path() {
        return path;
    }

    /** Returns where the resolved recipe is. */
    public Path recipe() {
        return path.resolve("recipe.yaml");
    }

    /** Returns the store of this run's checkpoints, which keeps the latest {@code keep} and the best. */
    public CheckpointStore checkpoints(int keep) {
        return checkpoints(path, keep);
    }

    /** Returns the checkpoints of a run's folder to read from, whoever runs in it. */
    public static CheckpointStore checkpointsOf(Path run) {
        return checkpoints(run, 1);
    }

    private static CheckpointStore checkpoints(Path run, int keep) {
        return new CheckpointStore(run.resolve("checkpoints"), run.resolve("best"), keep);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
