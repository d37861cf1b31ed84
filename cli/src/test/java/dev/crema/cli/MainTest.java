package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.text.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

final class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void tellsItsVersionAndThoseOfJavaAndLibtorch() {
        assertThat(run("--version")).isZero();
        assertThat(out()).matches("crema \\S+ \\(Java 2[5-9]\\S*, libtorch \\d+\\.\\d+\\.\\d+\\)\\R");
        assertThat(err()).isEmpty();
    }

    @Test
    void tellsOfTheVerbsInItsHelp() {
        assertThat(run("--help")).isZero();
        assertThat(out()).contains("Usage: crema", "--json", "crema VERB --help");
        assertThat(err()).isEmpty();
    }

    @Test
    void namesAVerbThatItDoesNotKnowAndTheNearestOne() {
        assertThat(run("fial")).isEqualTo(2);
        assertThat(err()).startsWith("crema: unknown verb 'fial'; did you mean 'fail'?\n");
        assertThat(out()).isEmpty();
    }

    @Test
    void namesAnOptionThatItDoesNotKnowAndTheNearestOne() {
        assertThat(run("fail", "--hwo", "input")).isEqualTo(2);
        assertThat(err())
                .isEqualTo(
                        "crema: unknown option '--hwo'; did you mean '--how'?\n'crema fail --help' lists what it takes.\n");
    }

    @Test
    void refusesAnArgumentTooMany() {
        assertThat(run("fail", "now")).isEqualTo(2);
        assertThat(err()).startsWith("crema: 'now' is one argument too many\n");
    }

    @Test
    void asksForAVerb() {
        assertThat(run()).isEqualTo(2);
        assertThat(err()).startsWith("crema: no verb given\n");
    }

    @Test
    void reportsBadInputInOneLine() {
        assertThat(run("fail", "--how", "input")).isEqualTo(1);
        assertThat(err()).isEqualTo("crema: r is 0; it must be positive\n");
    }

    @Test
    void reportsAMissingFileInOneLine() {
        assertThat(run("fail", "--how", "file")).isEqualTo(1);
        assertThat(err()).isEqualTo("crema: no such file: corpus.txt\n");
    }

    @Test
    void asksToReportAnythingElse() {
        assertThat(run("fail", "--how", "other")).isEqualTo(1);
        assertThat(err()).startsWith("crema: internal error, please report it").containsOnlyOnce("\n");
    }

    @Test
    void printsTheStackTraceWhenDebugging() {
        assertThat(run("fail", "--how", "other", "--debug")).isEqualTo(1);
        assertThat(err()).contains("\tat ");
    }

    @Test
    void doesNotReadAnArgumentFromAFile() {
        assertThat(run("fail", "--how", "@input")).isEqualTo(2);
        assertThat(err()).contains("@input");
    }

    private int run(String... args) {
        return CremaCommand.commandLine(stream(out), stream(err), List.of(new Fail()))
                .execute(args);
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    private enum How {
        INPUT,
        FILE,
        OTHER
    }

    @Command(name = "fail")
    private static final class Fail extends Verb {
        @Option(names = "--how")
        private How how;

        @Override
        void run(Console console) throws IOException {
            switch (how) {
                case INPUT -> throw new InputException("r is 0; it must be positive");
                case FILE -> throw new NoSuchFileException("corpus.txt");
                case OTHER -> throw new IllegalStateException("rank is\n3");
            }
        }
    }
}
