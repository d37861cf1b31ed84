package dev.crema.cli;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.StageEvent;
import dev.crema.cli.report.Chart;
import dev.crema.cli.report.Charts;
import dev.crema.cli.report.Series;
import dev.crema.cli.report.Table;
import dev.crema.cli.stage.EvalStage;
import dev.crema.cli.stage.Recipes;
import dev.crema.train.metrics.Metrics;
import dev.crema.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What each stage of the quickstart came to: a table, curves, and a JSON document. */
record QuickstartReport(Path root, long seed, double seconds, List<StageRow> stages) {
    /** One model: how it was trained, and how it was judged. */
    record StageRow(String name, Map<String, Object> training, EvalStage.Result result) {
        double number(String key) {
            return training.get(key) instanceof Number number ? number.doubleValue() : 0;
        }
    }

    /** Returns the recipe, which the launcher knows the place of. */
    static Path recipe() {
        return Path.of(System.getProperty("crema.home", "."), "recipes", "quickstart.yaml");
    }

    /** Runs the quickstart below {@code root} and reads what its stages left behind. */
    static QuickstartReport run(List<String> settings, Path root, Console console) throws IOException {
        Recipe recipe = Recipes.read(recipe(), settings);
        long begin = System.nanoTime();
        List<StageEvent> ends = RecipeRun.run(recipe, root, console);
        double seconds = (System.nanoTime() - begin) / 1e9;
        Map<String, EvalStage.Result> results = Recipes.results(root.resolve("judged"));
        List<StageRow> stages = new ArrayList<>();
        for (StageEvent end : ends) {
            EvalStage.Result result = results.get(end.stage());
            if (result != null) stages.add(new StageRow(end.stage(), RecipeRun.document(end), result));
        }
        return new QuickstartReport(root, recipe.seed(), seconds, stages);
    }

    String table() {
        Table table =
                new Table("stage", "steps", "seconds", "tokens/s", "accuracy", "greedy", "format", "think tokens");
        for (StageRow stage : stages) {
            EvalStage.Result result = stage.result();
            table.row(
                    stage.name(),
                    format("%.0f", stage.number("steps")),
                    format("%.0f", stage.number("seconds")),
                    format("%,.0f", stage.number("tokens_per_s")),
                    format("%.3f", result.accuracy()),
                    format("%.3f", result.accuracyGreedy()),
                    format("%.3f", result.formatRate()),
                    format("%.1f", result.meanThinkTokens()));
        }
        return table.toString();
    }

    /** Draws the curves of loss and reward; returns the files. */
    List<Path> charts() throws IOException {
        Chart loss = new Chart("Pretraining", "step", "loss", List.of(series("base", "loss")));
        Chart reward = new Chart(
                "Reinforcement learning",
                "step",
                "reward",
                List.of(series("r1", "reward"), series("r1-zero", "reward")));
        return List.of(Charts.write(loss, root, "loss"), Charts.write(reward, root, "reward"));
    }

    private Series series(String stage, String metric) throws IOException {
        List<Metrics> metrics = MetricsLog.read(root.resolve(stage).resolve("run"));
        return Series.of(stage, metrics, metric);
    }

    Map<String, Object> document(List<Path> charts) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (StageRow stage : stages) {
            Map<String, Object> row = new LinkedHashMap<>(stage.training());
            row.put("accuracy", stage.result().accuracy());
            row.put("accuracy_greedy", stage.result().accuracyGreedy());
            row.put("format_rate", stage.result().formatRate());
            row.put("mean_think_tokens", stage.result().meanThinkTokens());
            rows.add(row);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("seed", seed);
        document.put("folder", root.toString());
        document.put("seconds", seconds);
        document.put("stages", rows);
        document.put("charts", charts.stream().map(Path::toString).toList());
        return document;
    }

    /** Runs the quickstart with each seed. */
    static Map<String, Object> overSeeds(long[] seeds, Path folder, Console console) throws IOException {
        List<Map<String, Object>> runs = new ArrayList<>();
        for (long seed : seeds) {
            console.note("seed " + seed);
            QuickstartReport report = run(List.of("seed=" + seed), folder.resolve("quickstart-" + seed), console);
            console.note(report.table());
            runs.add(report.document(report.charts()));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("runs", runs);
        return document;
    }

    private static String format(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }
}
