package dev.crema.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What one command line came to: its exit code, and what it wrote. */
record CommandRun(int exitCode, String out, String err) {
    static CommandRun of(String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                words);
        return new CommandRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Returns the lines on standard error that tell of an error, with all that a stack trace would add to them. */
    List<String> errors() {
        return err.lines()
                .filter(line -> !line.matches("(\\[\\d+/\\d+] |      ).*"))
                .toList();
    }
}
