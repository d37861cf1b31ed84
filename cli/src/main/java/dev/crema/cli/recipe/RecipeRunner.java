package dev.crema.cli.recipe;

import dev.crema.text.InputException;
import dev.crema.train.run.DurableFiles;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Runs the stages of a recipe in order, each into a folder of its name below one root.
 *
 * <p>A stage whose settings and inputs have not changed is not run again; one that was interrupted goes on in its
 * folder; the output of one that did change is set aside as {@code NAME.previous} and made anew, as are those that read
 * from it. The root is locked meanwhile and holds the resolved {@code recipe.yaml}.
 */
public final class RecipeRunner {
    private final Path root;
    private final Consumer<StageEvent> progress;

    /** Makes a runner that writes below {@code root} and tells {@code progress} of every stage. */
    public RecipeRunner(Path root, Consumer<StageEvent> progress) {
        this.root = root;
        this.progress = progress;
    }

    /**
     * Runs a recipe and returns how each stage ended, {@link StageEvent.Reused} or {@link StageEvent.Finished}.
     *
     * @throws dev.crema.text.InputException if another process runs in the root, or a stage cannot use its input
     */
    public List<StageEvent> run(Recipe recipe) throws IOException {
        try (RunFolder folder = RunFolder.open(root)) {
            DurableFiles.write(folder.recipe(), recipe.toYaml());
            var fingerprints = new LinkedHashMap<String, String>();
            var ends = new ArrayList<StageEvent>();
            for (Recipe.Step step : recipe.stages()) {
                StageEvent end = run(step, recipe.seed(), fingerprints);
                progress.accept(end);
                ends.add(end);
            }
            return ends;
        }
    }

    private StageEvent run(Recipe.Step step, long seed, Map<String, String> fingerprints) throws IOException {
        Path folder = root.resolve(step.name());
        StageCache.Fingerprint fingerprint = StageCache.fingerprint(step, seed, fingerprints, folder);
        fingerprints.put(step.name(), fingerprint.hash());
        StageCache.State state = StageCache.state(folder, fingerprint);
        String reason = switch (state) {
            case WHOLE -> "";
            case NEW -> "it is new";
            case INTERRUPTED -> "it was interrupted and goes on";
            case INCOMPLETE -> "files of its output are missing";
            case OUTDATED -> "its settings or inputs changed";
        };
        if (state == StageCache.State.WHOLE) {
            return new StageEvent.Reused(step.name(), step.kind(), folder, StageCache.time(folder));
        }
        progress.accept(new StageEvent.Started(step.name(), step.kind(), folder, reason));
        long start = System.nanoTime();
        StageCache.begin(folder, state, fingerprint);
        try {
            step.stage().run(new StageContext(step.name(), seed, folder, outputs(step.stage()), progress));
        } catch (InputException e) {
            StageCache.discardIfEmpty(folder);
            throw e;
        }
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        StageCache.complete(folder, step, fingerprint, time);
        return new StageEvent.Finished(step.name(), step.kind(), folder, time);
    }

    private Map<String, Path> outputs(Stage stage) {
        var outputs = new LinkedHashMap<String, Path>();
        for (Input input : stage.inputs()) {
            if (input instanceof Input.Output(String name)) {
                outputs.put(name, root.resolve(name));
            }
        }
        return outputs;
    }
}
