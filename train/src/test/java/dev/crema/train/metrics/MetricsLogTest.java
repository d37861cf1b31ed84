package dev.crema.train.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
    @TempDir
    Path folder;

    @Test
    void writesOneJsonLineAStepAndReadsItBack() throws IOException {
        var first = Metrics.at(1, 128).with("loss", 5.25).with("lr", 3e-4);
        var second = Metrics.at(2, 256).with("loss", 4.5);
        try (var log = MetricsLog.create(folder)) {
            log.log(first);
            // Each line is there before the log is closed.
            assertThat(folder.resolve("metrics.jsonl")).hasContent("""
                    {"step":1,"tokens":128,"loss":5.25,"lr":3.0E-4}
                    """);
            log.log(second);
        }
        assertThat(MetricsLog.read(folder)).containsExactly(first, second);
    }

    @Test
    void writesWhatIsNotFiniteAsNullWithANote() throws IOException {
        try (var log = MetricsLog.create(folder)) {
            log.log(Metrics.at(3, 9).with("loss", Double.NaN).with("norm", Double.POSITIVE_INFINITY));
        }
        assertThat(folder.resolve("metrics.jsonl")).hasContent("""
                {"step":3,"tokens":9,"loss":null,"norm":null,"note":"loss is NaN, norm is Infinity"}
                """);
        assertThat(MetricsLog.read(folder).getFirst().values())
                .isEqualTo(Map.of("loss", Double.NaN, "norm", Double.NaN));
    }

    @Test
    void dropsLaterStepsAndATornLineOnResume() throws IOException {
        try (var log = MetricsLog.create(folder)) {
            for (int step = 1; step <= 5; step++) {
                log.log(Metrics.at(step, 10 * step).with("loss", step));
            }
        }
        Files.writeString(folder.resolve("metrics.jsonl"), "{\"step\":6,\"tok", StandardOpenOption.APPEND);
        try (var log = MetricsLog.resume(folder, 3)) {
            assertThat(steps()).containsExactly(1L, 2L, 3L);
            log.log(Metrics.at(4, 40).with("loss", -4));
        }
        assertThat(steps()).containsExactly(1L, 2L, 3L, 4L);
        assertThat(MetricsLog.read(folder).getLast().values()).containsEntry("loss", -4.0);
    }

    @Test
    void startsAnewWithoutWhatAnEarlierAttemptLogged() throws IOException {
        try (var log = MetricsLog.create(folder)) {
            log.log(Metrics.at(1, 1).with("loss", 1));
        }
        MetricsLog.create(folder).close();
        assertThat(steps()).isEmpty();
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void namesALineThatIsNotMetrics() throws IOException {
        Files.writeString(folder.resolve("metrics.jsonl"), "{\"step\":1,\"tokens\":1}\n{\"step\":2,\n{}\n");
        assertThatThrownBy(() -> MetricsLog.resume(folder, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("metrics.jsonl:2: not JSON");
        Files.writeString(folder.resolve("metrics.jsonl"), "[1]\n");
        assertThatThrownBy(() -> MetricsLog.read(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("metrics.jsonl:1: expected an object with step and tokens");
    }

    @Test
    void refusesNamesThatTheLineItselfUses() {
        assertThatThrownBy(() -> Metrics.at(1, 1).with("step", 2)).hasMessageContaining("'step'");
    }

    private List<Long> steps() throws IOException {
        return MetricsLog.read(folder).stream().map(Metrics::step).toList();
    }
}
