package dev.crema.cli;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.stage.Recipes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Takes raw text to a model that reasons, and shows what each stage came to. */
@Command(name = "quickstart", description = "Train a tokenizer and a small model, teach it to reason, and talk to it.")
final class Quickstart extends Verb {
    @Option(names = "--seed", defaultValue = "1", description = "Decides everything random (default: 1).")
    private long seed;

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where stages write (default: runs/quickstart-SEED).")
    private Path out;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Override a setting of the recipe.")
    private List<String> overrides = new ArrayList<>();

    @Override
    void run(Console console) throws Exception {
        Path root = out == null ? Path.of("runs", "quickstart-" + seed) : out;
        List<String> settings = new ArrayList<>(overrides);
        settings.add("seed=" + seed);
        Recipe recipe = Recipes.READER.read(QuickstartReport.RECIPE, settings);
        long begin = System.nanoTime();
        RecipeRun.run(recipe, root, console);
        double seconds = (System.nanoTime() - begin) / 1e9;
        QuickstartReport report = QuickstartReport.of(root);
        console.out().println(report.table());
        for (Path chart : report.charts()) console.out().println(chart);
        console.document(report.document(seed, seconds));
        if (!console.json() && System.console() != null)
            talk(console, root.resolve("r1").resolve("model"));
    }

    private static void talk(Console console, Path model) throws Exception {
        console.out()
                .println(
                        "Ask it something, such as: Tom has 23 apples. He buys 18 more. How many apples does Tom have?");
        Main.run(System.out, System.err, "chat", model.toString());
    }
}
