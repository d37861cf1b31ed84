package dev.crema.cli;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.report.Table;
import dev.crema.cli.stage.EvalStage;
import dev.crema.cli.stage.Recipes;
import dev.crema.train.run.DurableFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Measures how many problems a model answers rightly. */
@Command(name = "eval", description = "Measure a model on problems with known answers.")
final class Eval extends Verb {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "Folder of the model, in Hugging Face's form, or a GGUF file.")
    private Path model;

    @Parameters(index = "1", paramLabel = "PROBLEMS", description = ProblemFiles.HELP)
    private Path problems;

    @Mixin
    private RecipeOptions options;

    @Override
    void run(Console console) throws Exception {
        Recipe recipe = Recipes.read(
                "crema eval",
                "name: eval\nstages:\n  - eval: {of: [%s], %s}\n"
                        .formatted(StageVerb.path(Folders.model(model)), ProblemFiles.test(problems)),
                options.overrides().stream()
                        .map(set -> set.matches("(seed=|eval\\.).*") ? set : "eval." + set)
                        .toList());
        Path scratch = Files.createTempDirectory("crema-eval");
        try {
            RecipeRun.run(recipe, scratch, console);
            EvalStage.Result result =
                    Recipes.results(scratch.resolve("eval")).values().iterator().next();
            console.out().print(table(result));
            console.document(document(result));
        } finally {
            DurableFiles.deleteTree(scratch);
        }
    }

    private static String table(EvalStage.Result result) {
        return new Table("problems", "accuracy", "greedy", "format", "think tokens")
                .row(
                        String.valueOf(result.problems()),
                        String.format(Locale.ROOT, "%.3f", result.accuracy()),
                        String.format(Locale.ROOT, "%.3f", result.accuracyGreedy()),
                        String.format(Locale.ROOT, "%.3f", result.formatRate()),
                        String.format(Locale.ROOT, "%.1f", result.meanThinkTokens()))
                .toString();
    }

    private Map<String, Object> document(EvalStage.Result result) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("model", model.toString());
        document.put("problems", result.problems());
        document.put("accuracy", result.accuracy());
        document.put("accuracy_greedy", result.accuracyGreedy());
        document.put("format_rate", result.formatRate());
        document.put("mean_think_tokens", result.meanThinkTokens());
        return document;
    }
}
