package dev.crema.train.metrics;

import dev.crema.train.run.DurableFiles;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Logs the metrics of a run to {@code metrics.jsonl} and to a TensorBoard event file in the run's folder.
 *
 * <p>Each step reaches the operating system before {@link #log} returns, so a killed process loses none.
 */
public final class MetricsLog implements Closeable {
    /** The name of the file of JSON lines in a run's folder. */
    public static final String FILE = "metrics.jsonl";

    private final FileChannel lines;
    private final EventFile events;

    private MetricsLog(FileChannel lines, EventFile events) {
        this.lines = lines;
        this.events = events;
    }

    /** Starts a log for a run that begins anew; what an earlier attempt logged in the folder is dropped. */
    public static MetricsLog create(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.deleteIfExists(folder.resolve(FILE));
        try (DirectoryStream<Path> old = Files.newDirectoryStream(folder, "events.out.tfevents.*")) {
            for (Path file : old) {
                Files.delete(file);
            }
        }
        return open(folder, 0, InstantSource.system());
    }

    /**
     * Goes on with the log of a run that resumes after a step; what was logged of later steps is dropped.
     *
     * @throws dev.crema.text.InputException if a line other than a torn last one is not metrics
     */
    public static MetricsLog resume(Path folder, long step) throws IOException {
        return resume(folder, step, InstantSource.system());
    }

    static MetricsLog resume(Path folder, long step, InstantSource clock) throws IOException {
        String kept = read(folder).stream()
                .filter(metrics -> metrics.step() <= step)
                .map(MetricsLines::write)
                .collect(Collectors.joining());
        DurableFiles.write(folder.resolve(FILE), kept);
        return open(folder, step + 1, clock);
    }

    static MetricsLog open(Path folder, long firstStep, InstantSource clock) throws IOException {
        FileChannel lines =
                FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        try {
            return new MetricsLog(lines, EventFile.create(folder, firstStep, clock));
        } catch (IOException e) {
            lines.close();
            throw e;
        }
    }

    /** Reads all that was logged in a run's folder, without a last line that a kill has torn. */
    public static List<Metrics> read(Path folder) throws IOException {
        return MetricsLines.read(folder.resolve(FILE));
    }

    /** Logs one step. */
    public void log(Metrics metrics) throws IOException {
        ByteBuffer line = ByteBuffer.wrap(MetricsLines.write(metrics).getBytes(StandardCharsets.UTF_8));
        while (line.hasRemaining()) {
            lines.write(line);
        }
        events.write(metrics);
    }

    @Override
    public void close() throws IOException {
        try (lines) {
            events.close();
        }
    }
}
