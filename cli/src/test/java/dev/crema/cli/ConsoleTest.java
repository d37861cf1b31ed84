package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ConsoleTest {
    private record Answer(String text, int tokens) {}

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void printsOneDocumentAndNothingElseUnderJson() throws Exception {
        Console console = console(true);
        console.out().println("text");
        console.note("note");
        console.document(new Answer("春", 3));

        assertThat(new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8)))
                .isEqualTo(new ObjectMapper().readTree("{\"text\": \"春\", \"tokens\": 3}"));
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualToIgnoringNewLines("note\n");
    }

    @Test
    void refusesASecondDocument() {
        Console console = console(true);
        console.document(new Answer("a", 1));
        assertThatThrownBy(() -> console.document(new Answer("b", 1))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void printsTextAndNoDocumentOtherwise() {
        Console console = console(false);
        console.document(new Answer("a", 1));
        console.out().print("text");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("text");
    }

    private Console console(boolean json) {
        return new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                json,
                false);
    }
}
