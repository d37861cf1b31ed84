package dev.crema.cli;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.RecipeRunner;
import dev.crema.cli.recipe.StageEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs a recipe with a progress bar for each stage. */
final class RecipeRun {
    private final Console console;
    private @Nullable Progress bar;

    private RecipeRun(Console console) {
        this.console = console;
    }

    static List<StageEvent> run(Recipe recipe, Path root, Console console) throws IOException {
        RecipeRun run = new RecipeRun(console);
        try {
            return new RecipeRunner(root, run::show).run(recipe);
        } finally {
            run.endBar();
        }
    }

    private void show(StageEvent event) {
        switch (event) {
            case StageEvent.Started started ->
                console.note(started.stage() + " (" + started.kind() + "): " + started.reason());
            case StageEvent.Progress progress -> {
                if (bar == null) bar = console.progress(progress.stage(), progress.total(), "steps");
                bar.at(progress.done(), progress.figures());
            }
            case StageEvent.Reused reused -> console.note(reused.stage() + " (" + reused.kind() + "): as before, kept");
            case StageEvent.Finished finished -> {
                endBar();
                console.note(finished.stage() + " (" + finished.kind() + "): done in "
                        + finished.time().toSeconds() + " s");
            }
        }
    }

    private void endBar() {
        if (bar != null) bar.close();
        bar = null;
    }
}
