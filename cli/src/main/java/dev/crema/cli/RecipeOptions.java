package dev.crema.cli;

import dev.crema.cli.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** Says how a verb changes the settings of what it runs. */
final class RecipeOptions {
    private static final List<String> FIGURES = List.of("loss", "val_loss", "reward", "accuracy", "format_rate");

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Override a setting, such as seed=2; docs/recipes.md lists them all.")
    private List<String> overrides = new ArrayList<>();

    List<String> overrides() {
        return overrides;
    }

    /** Returns the stages and their figures as a table for people. */
    static String table(List<Map<String, Object>> stages) {
        List<String> figures = FIGURES.stream()
                .filter(name -> stages.stream().anyMatch(stage -> stage.containsKey(name)))
                .toList();
        List<String> heads = new ArrayList<>(List.of("stage", "seconds", "steps", "tokens/s"));
        heads.addAll(figures);
        Table table = new Table(heads.toArray(String[]::new));
        for (Map<String, Object> stage : stages) {
            List<String> cells = new ArrayList<>();
            cells.add(String.valueOf(stage.get("name")));
            cells.add(number(stage, "seconds", "%.1f"));
            cells.add(number(stage, "steps", "%.0f"));
            cells.add(number(stage, "tokens_per_s", "%,.0f"));
            for (String figure : figures) cells.add(number(stage, figure, "%.3f"));
            table.row(cells.toArray(String[]::new));
        }
        return table.toString();
    }

    private static String number(Map<String, Object> stage, String key, String pattern) {
        return stage.get(key) instanceof Number number ? String.format(Locale.ROOT, pattern, number.doubleValue()) : "";
    }
}
