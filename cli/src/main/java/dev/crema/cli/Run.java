package dev.crema.cli;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.StageEvent;
import dev.crema.cli.stage.Recipes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a recipe: a list of stages, each only if something it depends on has changed. */
@Command(name = "run", description = "Run the stages of a recipe.")
final class Run extends Verb {
    @Parameters(paramLabel = "RECIPE", description = "A YAML file of stages; there are some in recipes/.")
    private Path recipe;

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where stages write. Default: runs/NAME.")
    private Optional<Path> out;

    @Mixin
    private RecipeOptions options;

    @Override
    void run(Console console) throws Exception {
        Recipe read = Recipes.read(recipe, options.overrides());
        Path root = out.orElse(Path.of("runs", read.name()));
        List<Map<String, Object>> stages = new ArrayList<>();
        for (StageEvent end : RecipeRun.run(read, root, console)) stages.add(RecipeRun.document(end));
        console.out().print(RecipeOptions.table(stages));
        console.out().println("All of it is in " + root);
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("folder", root.toString());
        document.put("stages", stages);
        console.document(document);
    }
}
