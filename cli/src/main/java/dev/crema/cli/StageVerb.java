package dev.crema.cli;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.StageEvent;
import dev.crema.cli.stage.Recipes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Is a verb that trains: it writes a recipe of one stage, or of that and one it needs, and runs it. */
abstract class StageVerb extends Verb {
    @Option(
            names = "--out",
            required = true,
            paramLabel = "FOLDER",
            description = "Where the run goes; the model ends in FOLDER/STAGE/model.")
    private Path out;

    @Mixin
    private RecipeOptions options;

    /** Returns the name of the stage that settings belong to; it is the verb's. */
    abstract String stage();

    /** Returns the names of other stages, whose settings have those names before them. */
    List<String> others() {
        return List.of();
    }

    /** Returns the stages as YAML. */
    abstract String stages();

    @Override
    final void run(Console console) throws Exception {
        Recipe recipe = Recipes.read(
                "crema " + stage(),
                "name: " + stage() + "\nstages:\n" + stages(),
                options.overrides().stream().map(this::ofStage).toList());
        List<Map<String, Object>> ends = new ArrayList<>();
        for (StageEvent end : RecipeRun.run(recipe, out, console)) ends.add(RecipeRun.document(end));
        Path model = out.resolve(stage()).resolve("model");
        console.out().print(RecipeOptions.table(ends));
        console.out().println("The model is in " + model);
        Map<String, Object> document = new LinkedHashMap<>(ends.getLast());
        document.put("model", model.toString());
        console.document(document);
    }

    private String ofStage(String override) {
        String first = override.split("[.=]", 2)[0];
        boolean whole = override.startsWith("seed=") || override.startsWith("name=");
        boolean other = others().contains(first) && override.startsWith(first + ".");
        return whole || other || first.equals(stage()) ? override : stage() + "." + override;
    }

    /** Returns a path as a recipe writes it, which a name without a folder must not be taken for that of a stage. */
    static String path(Path path) {
        String text = path.toString().replace('\\', '/');
        return quoted(text.contains("/") || text.startsWith(".") ? text : "./" + text);
    }

    static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
