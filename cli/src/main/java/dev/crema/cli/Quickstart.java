package dev.crema.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Takes raw text to a model that reasons, shows what each stage came to, and lets you talk to it. */
@Command(name = "quickstart", description = "Train a tokenizer and a small model, teach it to reason, and talk to it.")
final class Quickstart extends Verb {
    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Decides everything random. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where stages write. Default: runs/quickstart-SEED.")
    private Optional<Path> out;

    @Mixin
    private RecipeOptions options;

    @Override
    void run(Console console) throws Exception {
        Path root = out.orElse(Path.of("runs", "quickstart-" + seed));
        List<String> settings = new ArrayList<>(List.of("seed=" + seed));
        settings.addAll(options.overrides());
        QuickstartReport report = QuickstartReport.run(settings, root, console);
        List<Path> charts = report.charts();
        console.out().println();
        console.out().print(report.table());
        console.out().println("Curves: " + charts.getFirst() + " and " + charts.getLast());
        console.document(report.document(charts));
        if (!console.json()) talk(console, root.resolve("r1").resolve("model"));
    }

    /** Tells how to talk to a model, and at a terminal begins to. */
    private static void talk(Console console, Path model) throws Exception {
        console.out().println("Talk to it: ./crema chat " + model);
        if (System.console() == null || !System.console().isTerminal()) return;
        console.out()
                .println("or right here; /exit ends. It knows questions such as: Tom has 23 apples. He buys 18 more."
                        + " How many apples does Tom have?");
        Chat chat = new Chat(System.in);
        CommandLine.populateCommand(chat, model.toString());
        chat.run(console);
    }
}
