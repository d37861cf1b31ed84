package dev.crema.cli;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.StageEvent;
import dev.crema.cli.stage.Recipes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a recipe: a list of stages, each only if something it depends on has changed. */
@Command(name = "run", description = "Run the stages of a recipe.")
final class Run extends Verb {
    @Parameters(paramLabel = "RECIPE", description = "A YAML file of stages; see recipes/.")
    private Path recipe;

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where stages write (default: runs/NAME).")
    private Path out;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Override a setting, such as base.training.steps=200 or seed=2.")
    private List<String> overrides = new ArrayList<>();

    @Override
    void run(Console console) throws Exception {
        Recipe read = Recipes.READER.read(recipe, overrides);
        Path root = out == null ? Path.of("runs", read.name()) : out;
        List<StageEvent> ends = RecipeRun.run(read, root, console);
        List<Map<String, Object>> stages = new ArrayList<>();
        for (StageEvent end : ends) {
            Map<String, Object> stage = new LinkedHashMap<>();
            stage.put("name", end.stage());
            stage.put("reused", end instanceof StageEvent.Reused);
            stage.putAll(Recipes.summary(root.resolve(end.stage())));
            stages.add(stage);
        }
        console.out().println("Done: " + root);
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("folder", root.toString());
        document.put("stages", stages);
        console.document(document);
    }
}
