package dev.crema.cli.stage;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.RecipeReader;
import dev.crema.tensor.SystemMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The recipes that can be written: all kinds of stages, and what they leave behind. */
public final class Recipes {
    private static final RecipeReader READER = new RecipeReader(List.of(
            TokenizerStage.class,
            PretrainStage.class,
            SftStage.class,
            ClassifyStage.class,
            GrpoStage.class,
            EvalStage.class));

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Recipes() {}

    /** Reads a recipe file, with {@code key=value} overrides. */
    public static Recipe read(Path file, List<String> overrides) throws IOException {
        return READER.read(file, overrides);
    }

    /** Reads a recipe that is no file; {@code source} names it in messages. */
    public static Recipe read(String source, String yaml, List<String> overrides) {
        return READER.read(source, yaml, overrides);
    }

    /**
     * Checks, before anything is written, that the stages fit each other and the memory.
     *
     * @throws dev.crema.text.InputException if one does not
     */
    public static void check(Recipe recipe) {
        new Preflight(SystemMemory::available).check(recipe);
    }

    /** Returns what a stage that trains measured of itself; empty for other stages. */
    public static Map<String, Object> summary(Path stageFolder) throws IOException {
        Path file = stageFolder.resolve(TrainingRun.SUMMARY);
        if (!Files.exists(file)) return Map.of();
        return JSON.readValue(file.toFile(), new TypeReference<>() {});
    }

    /** Returns the results of an evaluation stage by the name of what was judged. */
    public static Map<String, EvalStage.Result> results(Path stageFolder) throws IOException {
        return JSON.readValue(stageFolder.resolve(EvalStage.RESULTS).toFile(), new TypeReference<>() {});
    }
}
