package dev.crema.cli.stage;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.cli.recipe.StageContext;
import dev.crema.cli.recipe.StageEvent;
import dev.crema.model.Model;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.text.InputException;
import dev.crema.train.Method;
import dev.crema.train.StopSignal;
import dev.crema.train.Trainer;
import dev.crema.train.TrainingPlan;
import dev.crema.train.metrics.Metrics;
import dev.crema.train.run.DurableFiles;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Trains a model as a stage: a run in the stage's folder, the model that comes out of it in {@code model/}, and
 * {@code summary.json}.
 */
final class TrainingRun {
    static final String SUMMARY = "summary.json";
    private static final List<String> FIGURES =
            List.of("loss", "reward", "accuracy", "format_rate", "val_loss", "val_accuracy");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private TrainingRun() {}

    static <M extends Model> void train(
            StageContext context, M model, Family family, Path companions, Method<M> method, TrainingPlan plan)
            throws IOException {
        Path run = context.folder().resolve("run");
        Map<String, Double> last = new LinkedHashMap<>();
        Trainer.Result result;
        try (RunFolder folder = RunFolder.open(run);
                StopSignal stop = StopSignal.onShutdown()) {
            Consumer<Metrics> progress = metrics -> {
                last.putAll(metrics.values());
                report(context, plan, metrics);
            };
            result = new Trainer<>(plan, method, folder, progress, stop).train(model);
            if (result.end() == Trainer.End.ASKED) {
                // Told here: once the signal is closed, the virtual machine may end at any moment.
                context.events().accept(new StageEvent.Stopped(context.name(), result.steps(), plan.steps(), "steps"));
                throw new InputException("stage " + context.name() + " was stopped before its end");
            }
        }
        Path target = context.folder().resolve("model");
        Models.copyCompanions(companions, target);
        ModelFolder.save(target, family, model);
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("steps", result.steps());
        summary.put("tokens", result.tokens());
        summary.put("training_seconds", result.seconds());
        summary.put("tokens_per_s", result.tokensPerSecond());
        summary.put("end", result.end().name().toLowerCase(Locale.ROOT));
        for (String name : FIGURES) if (last.containsKey(name)) summary.put(name, last.get(name));
        summary.putAll(result.evaluation());
        DurableFiles.write(context.folder().resolve(SUMMARY), JSON.writeValueAsString(summary));
    }

    private static void report(StageContext context, TrainingPlan plan, Metrics metrics) {
        StringBuilder line = new StringBuilder();
        for (String name : FIGURES) {
            Double value = metrics.values().get(name);
            if (value != null) line.append(String.format(Locale.ROOT, "%s %.3f  ", name, value));
        }
        Double rate = metrics.values().get("tokens_per_s");
        if (rate != null) line.append(Math.round(rate)).append(" tokens/s");
        context.progress(metrics.step(), plan.steps(), "steps", line.toString().strip());
    }
}
