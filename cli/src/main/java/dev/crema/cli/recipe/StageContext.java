package dev.crema.cli.recipe;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Tells a stage where it works.
 *
 * @param name the stage's name
 * @param seed the recipe's seed
 * @param folder where the stage writes
 * @param outputs the output folders of the stages before it, by name
 * @param events hears how far the stage is
 */
public record StageContext(
        String name, long seed, Path folder, Map<String, Path> outputs, Consumer<StageEvent> events) {
    public StageContext {
        outputs = Map.copyOf(outputs);
    }

    /** Tells that {@code done} of {@code total} units are done, with a few figures to show beside them. */
    public void progress(long done, long total, String unit, String figures) {
        events.accept(new StageEvent.Progress(name, done, total, unit, figures));
    }

    /** Returns the output folder of an earlier stage that is among this stage's inputs. */
    public Path output(String stage) {
        Path output = outputs.get(stage);
        if (output == null) {
            throw new IllegalArgumentException(
                    "stage " + name + " did not name '" + stage + "' among its inputs " + outputs.keySet());
        }
        return output;
    }
}
