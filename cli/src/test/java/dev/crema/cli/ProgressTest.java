package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ProgressTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private long seconds;

    @Test
    void printsAPlainLineOnlySoOften() {
        try (Progress progress = progress(false, 40)) {
            for (int step = 1; step <= 40; step++) {
                seconds++;
                progress.at(step, "loss " + step);
            }
        }
        assertThat(err()).isEqualTo("""
                        sft   25%  10/40 steps  1.00 steps/s  0:30 left  loss 10
                        sft   50%  20/40 steps  1.00 steps/s  0:20 left  loss 20
                        sft   75%  30/40 steps  1.00 steps/s  0:10 left  loss 30
                        sft  100%  40/40 steps  1.00 steps/s  in 0:40  loss 40
                        """);
    }

    @Test
    void drawsABarOverItselfOnATerminal() {
        Progress progress = progress(true, 3600);
        seconds = 10;
        progress.at(1200, "loss 2.3125");
        seconds = 20;
        progress.at(2400, "loss 2.2");
        progress.close();
        assertThat(err())
                .startsWith(
                        "\rsft  [########                ]   33%  1,200/3,600 steps  120 steps/s  0:20 left  loss 2.3125"
                                + "\rsft  [################        ]   66%  2,400/3,600 steps  120 steps/s  0:10 left  loss 2.2   ")
                .endsWith("\n");
    }

    @Test
    void countsOnlyItsOwnUnitsForTheRateOfAResumedRun() {
        try (Progress progress = progress(false, 100).resumedAt(90)) {
            seconds = 10;
            progress.at(95);
        }
        assertThat(err()).startsWith("sft   95%  95/100 steps  0.50 steps/s  0:10 left");
    }

    @Test
    void tellsOfWorkThatIsNone() {
        progress(false, 0).close();
        assertThat(err()).isEqualTo("sft  100%  0/0 steps\n");
    }

    private Progress progress(boolean terminal, long total) {
        return new Progress(
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal,
                "sft",
                total,
                "steps",
                TimeUnit.SECONDS.toNanos(10),
                () -> TimeUnit.SECONDS.toNanos(seconds));
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }
}
