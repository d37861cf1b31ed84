package dev.crema.cli;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.RecipeRunner;
import dev.crema.cli.recipe.StageEvent;
import dev.crema.cli.stage.Recipes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a recipe, and shows each stage and how far it has come. */
final class RecipeRun {
    private static final Logger LOG = LoggerFactory.getLogger(RecipeRun.class);

    private final Console console;
    private final List<String> stages;
    private @Nullable Progress bar;
    private String unit = "";

    private RecipeRun(Recipe recipe, Console console) {
        this.console = console;
        this.stages = recipe.stages().stream().map(Recipe.Step::name).toList();
    }

    /** Checks a recipe, runs it below {@code root}, and returns how each stage ended. */
    static List<StageEvent> run(Recipe recipe, Path root, Console console) throws IOException {
        LOG.info("resolved recipe:\n{}", recipe.toYaml());
        Recipes.check(recipe);
        RecipeRun run = new RecipeRun(recipe, console);
        try {
            return new RecipeRunner(root, run::show).run(recipe);
        } finally {
            run.endBar();
        }
    }

    /** Returns what a stage came to, as {@code --json} tells it. */
    static Map<String, Object> document(StageEvent end) throws IOException {
        return switch (end) {
            case StageEvent.Finished(var stage, var kind, var folder, var time) ->
                document(stage, kind, folder, time, false);
            case StageEvent.Reused(var stage, var kind, var folder, var time) ->
                document(stage, kind, folder, time, true);
            case StageEvent.Started _, StageEvent.Progress _, StageEvent.Stopped _ ->
                throw new IllegalArgumentException("stage " + end.stage() + " has not ended");
        };
    }

    private static Map<String, Object> document(String stage, String kind, Path folder, Duration time, boolean reused)
            throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", stage);
        document.put("kind", kind);
        document.put("folder", folder.toString());
        document.put("reused", reused);
        document.put("seconds", time.toMillis() / 1e3);
        document.putAll(Recipes.summary(folder));
        return document;
    }

    private void show(StageEvent event) {
        switch (event) {
            case StageEvent.Started stage -> console.note(title(stage.stage(), stage.kind()) + ": " + stage.reason());
            case StageEvent.Reused stage -> console.note(title(stage.stage(), stage.kind()) + ": unchanged, kept");
            case StageEvent.Progress progress -> barFor(progress).at(progress.done(), progress.figures());
            case StageEvent.Stopped stage -> {
                endBar();
                console.note("      %s: stopped after %,d of %,d %s and saved; the same command goes on from there"
                        .formatted(stage.stage(), stage.done(), stage.total(), stage.unit()));
            }
            case StageEvent.Finished stage -> {
                endBar();
                console.note(
                        "      " + stage.stage() + ": done in " + stage.time().toMillis() / 100 / 10.0 + " s");
            }
        }
    }

    /** A stage may count one thing after another; each has a bar. */
    private Progress barFor(StageEvent.Progress progress) {
        if (bar == null || !unit.equals(progress.unit())) {
            endBar();
            unit = progress.unit();
            bar = console.progress("      " + progress.stage(), progress.total(), unit)
                    .resumedAt(progress.done());
        }
        return bar;
    }

    private String title(String stage, String kind) {
        String named = stage.equals(kind) ? stage : stage + " (" + kind + ")";
        return "[" + (stages.indexOf(stage) + 1) + "/" + stages.size() + "] " + named;
    }

    private void endBar() {
        if (bar != null) bar.close();
        bar = null;
    }
}
