package dev.crema.cli.stage;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.Stage;
import dev.crema.cli.recipe.StageContext;
import dev.crema.data.Example.Problem;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.Model;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Device;
import dev.crema.text.ChatTemplate;
import dev.crema.text.Tokenizer;
import dev.crema.train.eval.ProblemEvaluation;
import dev.crema.train.eval.ProblemEvaluation.Score;
import dev.crema.train.method.Prompter;
import dev.crema.train.run.DurableFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Judges models on the same problems, greedily and sampled at temperature 1, and writes {@code results.json}.
 *
 * @param of the stages that made the models, or model folders
 * @param samples how often each problem is sampled
 */
public record EvalStage(
        List<String> of,
        ProblemSettings problems,
        @Default("256") int maxTokens,
        @Default("1") int samples,
        @Default("auto") TrainingSettings.Precision precision)
        implements Stage {
    static final String RESULTS = "results.json";

    public EvalStage {
        Check.atLeast("samples", samples, 1);
        Check.atLeast("maxTokens", maxTokens, 1);
    }

    /**
     * What one model came to.
     *
     * @param accuracy share of right answers, sampled at temperature 1
     * @param accuracyGreedy the same, taking the likeliest token each time
     * @param formatRate share of sampled completions in the form that is asked for
     * @param meanThinkTokens tokens between the thinking tags, over sampled completions that have them
     * @param problems how many were judged on
     */
    public record Result(
            double accuracy, double accuracyGreedy, double formatRate, double meanThinkTokens, int problems) {}

    @Override
    public List<Input> inputs() {
        return of.stream().map(Models::input).toList();
    }

    @Override
    public void run(StageContext context) throws IOException {
        Map<String, Result> results = new LinkedHashMap<>();
        List<Problem> judged = problems.evaluation();
        long answersOfModel = (long) judged.size() * (1 + samples);
        for (String name : of) {
            long before = results.size() * answersOfModel;
            LongConsumer answered =
                    count -> context.progress(before + count, of.size() * answersOfModel, "answers", name);
            answered.accept(0);
            results.put(name, judge(ModelFolder.open(Models.folder(name, context)), judged, context.seed(), answered));
        }
        String json =
                JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(results);
        DurableFiles.write(context.folder().resolve(RESULTS), json);
    }

    private Result judge(ModelFolder folder, List<Problem> judged, long seed, LongConsumer answered) {
        Path source = folder.path();
        try (Tokenizer tokenizer = Tokenizer.load(source);
                Model model = folder.load(Model.class, precision.dtype(), Device.CPU)) {
            Prompter prompter = model instanceof EncoderDecoder
                    ? new Prompter.OfPairs(tokenizer)
                    : new Prompter.OfChat(tokenizer, ChatTemplate.load(source));
            Score greedy = ProblemEvaluation.greedy(judged, prompter, maxTokens).of(model, answered);
            Score sampled = ProblemEvaluation.sampled(judged, prompter, maxTokens, samples, seed)
                    .of(model, count -> answered.accept(judged.size() + count));
            return new Result(
                    sampled.accuracy(),
                    greedy.accuracy(),
                    sampled.formatRate(),
                    sampled.meanThinkTokens(),
                    judged.size());
        }
    }
}
