package dev.crema.cli.recipe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds a recipe with every setting resolved.
 *
 * @param name the recipe's name
 * @param seed where all randomness starts from
 * @param stages the stages in order
 */
public record Recipe(String name, long seed, List<Step> stages) {
    public Recipe {
        stages = List.copyOf(stages);
    }

    /** One stage of a recipe under its name. */
    public record Step(String name, Stage stage) {
        /** Returns the stage's kind as recipes spell it. */
        public String kind() {
            return kindOf(stage.getClass());
        }

        Map<String, Object> settings() {
            return Binder.unbind((Record) stage);
        }
    }

    /** Returns the recipe as YAML, every default written out; reading it gives this recipe again. */
    public String toYaml() {
        var root = new LinkedHashMap<String, Object>();
        root.put("name", name);
        root.put("seed", seed);
        var list = new ArrayList<Map<String, Object>>();
        for (Step step : stages) {
            var settings = new LinkedHashMap<String, Object>();
            settings.put("name", step.name());
            settings.putAll(step.settings());
            list.add(Map.of(step.kind(), settings));
        }
        root.put("stages", list);
        return YamlWriter.write(root);
    }

    static String kindOf(Class<?> stage) {
        return Names.snake(stage.getSimpleName().replaceFirst("Stage$", ""));
    }
}
