package dev.crema.cli;

import java.io.PrintStream;

/** Starts the command line. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(run(System.out, System.err, args));
    }

    /**
     * Runs one command line and returns its exit code: 0 for success, 2 for a usage error, 1 for any other.
     *
     * @param out takes what the verb was asked for: text, or one JSON document under {@code --json}
     * @param err takes progress, logs and errors
     */
    static int run(PrintStream out, PrintStream err, String... args) {
        return CremaCommand.commandLine(out, err, CremaCommand.verbs()).execute(args);
    }
}
