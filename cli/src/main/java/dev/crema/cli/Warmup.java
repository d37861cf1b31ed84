package dev.crema.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import picocli.CommandLine;

/**
 * Is the training run from which the JVM makes its ahead-of-time cache (JEP 483, JEP 514): the launcher runs it after a
 * build, so that each later start finds its classes loaded and linked.
 */
final class Warmup {
    private Warmup() {}

    public static void main(String[] args) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        Main.run(nowhere, nowhere, "--version");
        Main.run(nowhere, nowhere, "--help");
        Main.run(nowhere, nowhere, "--no-such-option");
        CommandLine crema = CremaCommand.commandLine(nowhere, nowhere, CremaCommand.verbs());
        for (String verb : crema.getSubcommands().keySet()) {
            Main.run(nowhere, nowhere, verb, "--help");
        }
    }
}
