package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Measures the loading of a small model, as of any other. */
final class LoadBenchmarkTest {
    @TempDir
    private Path temporary;

    @Test
    void tellsTimeSizeAndMemory() throws IOException {
        Path model = TinyModel.write(temporary.resolve("model"), 600, 128);
        CommandRun run = CommandRun.of("bench", "load", model.toString(), "--dtype", "fp32", "--json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode document = new ObjectMapper().readTree(run.out());
        assertThat(document.path("files").asInt()).isEqualTo(1);
        assertThat(document.path("bytes").asLong()).isEqualTo(Files.size(model.resolve("model.safetensors")));
        assertThat(document.path("weight_bytes").asLong())
                .isBetween(1L, document.path("bytes").asLong());
        assertThat(document.path("seconds").asDouble()).isPositive();
        assertThat(document.path("gigabytes_per_s").asDouble()).isPositive();
        assertThat(document.path("peak_memory_mb").asDouble()).isNotNegative();
    }

    @Test
    void takesAModelForLoadingAlone() {
        assertThat(CommandRun.of("bench", "load").exitCode()).isEqualTo(2);
        assertThat(CommandRun.of("bench", "train", temporary.toString()).err()).contains("bench load takes a MODEL");
    }
}
