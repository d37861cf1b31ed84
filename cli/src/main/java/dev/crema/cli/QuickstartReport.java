package dev.crema.cli;

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
record QuickstartReport(Path root, List<StageRow> stages) {
    static final Path RECIPE = Path.of(System.getProperty("crema.home", "."), "recipes", "quickstart.yaml");
    private static final List<String> MODELS = List.of("base", "cold-start", "r1", "r1-zero");

    /** One model: how it was trained, and how it was judged. */
    record StageRow(String name, Map<String, Object> summary, EvalStage.Result result) {
        double number(String key) {
            return summary.get(key) instanceof Number number ? number.doubleValue() : 0;
        }
    }

    static QuickstartReport of(Path root) throws IOException {
        Map<String, EvalStage.Result> results = Recipes.results(root.resolve("judged"));
        List<StageRow> stages = new ArrayList<>();
        for (String name : MODELS) {
            EvalStage.Result result = results.get(name);
            if (result != null) stages.add(new StageRow(name, Recipes.summary(root.resolve(name)), result));
        }
        return new QuickstartReport(root, stages);
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
                    format("%.0f", stage.number("tokens_per_s")),
                    format("%.3f", result.accuracy()),
                    format("%.3f", result.accuracyGreedy()),
                    format("%.3f", result.formatRate()),
                    format("%.1f", result.meanThinkTokens()));
        }
        return table.toString();
    }

    /** Draws the curves of loss and reward; returns the files. */
    List<Path> charts() throws IOException {
        Chart loss = new Chart(
                "Pretraining and cold start",
                "step",
                "loss",
                List.of(series("base", "loss"), series("cold-start", "loss")));
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

    Map<String, Object> document(long seed, double seconds) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (StageRow stage : stages) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("name", stage.name());
            row.put("seconds", stage.number("seconds"));
            row.put("tokens_per_s", stage.number("tokens_per_s"));
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
        return document;
    }

    /** Runs the quickstart with each seed and says how far R1 is above its cold start. */
    static Map<String, Object> overSeeds(long[] seeds, Path folder, Console console) throws IOException {
        List<Map<String, Object>> runs = new ArrayList<>();
        for (long seed : seeds) {
            console.note("seed " + seed);
            Path root = folder.resolve("quickstart-" + seed);
            long begin = System.nanoTime();
            RecipeRun.run(Recipes.READER.read(RECIPE, List.of("seed=" + seed)), root, console);
            QuickstartReport report = of(root);
            console.note(report.table());
            runs.add(report.document(seed, (System.nanoTime() - begin) / 1e9));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("runs", runs);
        return document;
    }

    private static String format(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }
}
