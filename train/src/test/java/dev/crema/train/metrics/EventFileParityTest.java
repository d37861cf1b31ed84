package dev.crema.train.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares with the bytes that TensorBoard's own writer makes: bench/reference/tensorboard_events.py. */
class EventFileParityTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochMilli(1_700_000_000_250L));

    @TempDir
    Path folder;

    @Test
    void writesTheBytesOfTensorBoard() throws IOException {
        try (var events = EventFile.create(folder, 0, CLOCK)) {
            events.write(Metrics.at(0, 0).with("train/loss", 5.5).with("lr", 0));
            events.write(Metrics.at(300, 0).with("train/loss", 0.1).with("lr", 3e-4));
            events.write(Metrics.at(1L << 40, 0).with("train/loss", Double.NaN));
        }
        byte[] golden;
        try (var in = getClass().getResourceAsStream("/golden/tensorboard.tfevents")) {
            assertThat(in).isNotNull();
            golden = in.readAllBytes();
        }
        assertThat(folder.resolve("events.out.tfevents.1700000000.crema")).hasBinaryContent(golden);
    }

    @Test
    void neverWritesOverAnEarlierFile() throws IOException {
        EventFile.create(folder, 0, CLOCK).close();
        EventFile.create(folder, 5, CLOCK).close();
        try (var files = Files.list(folder)) {
            List<String> names =
                    files.map(f -> f.getFileName().toString()).sorted().toList();
            assertThat(names)
                    .containsExactly("events.out.tfevents.1700000000.crema", "events.out.tfevents.1700000000.crema.1");
        }
    }
}
