package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.Stage;
import dev.crema.cli.recipe.StageContext;
import dev.crema.data.Example.Problem;
import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Device;
import dev.crema.text.ChatTemplate;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import dev.crema.train.eval.ProblemEvaluation;
import dev.crema.train.method.Advantages;
import dev.crema.train.method.Grpo;
import dev.crema.train.method.PolicyObjective;
import dev.crema.train.method.PolicyObjective.Aggregation;
import dev.crema.train.method.PolicyObjective.Ratio;
import dev.crema.train.method.PolicyUpdate;
import dev.crema.train.method.Prompter;
import dev.crema.train.method.Reward;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Teaches a model by group-relative policy optimisation on problems with answers that can be checked.
 *
 * @param from the stage that made the model, or a model folder; its base for R1-Zero, a cold start for R1
 * @param prompts problems of a step
 * @param samples completions of each
 * @param updates optimizer steps on each rollout
 * @param formatReward what the right form is worth where the answer is wrong; a right answer in the right form is 1
 * @param judge problems to measure on, other than those of {@code problems}; none measures nothing
 */
public record GrpoStage(
        String from,
        ProblemSettings problems,
        @Default("16") int prompts,
        @Default("8") int samples,
        @Default("1.0") double temperature,
        @Default("256") int maxTokens,
        @Default("1") int updates,
        @Default("group") Advantages advantages,
        @Default("token") Ratio ratio,
        @Default("token_mean") Aggregation aggregation,
        @Default("0.2") double clipLow,
        @Default("0.2") double clipHigh,
        @Default("1e9") double ratioCap,
        @Default("0") double klCoefficient,
        @Default("false") boolean dropTruncated,
        @Default("0.1") double formatReward,
        @Default("512") int rowTokens,
        @Default("8") int rowsOfPass,
        @Default("[]") List<ProblemSettings> judge,
        TrainingSettings training)
        implements Stage {
    public GrpoStage {
        Check.atLeast("prompts", prompts, 1);
        Check.atLeast("samples", samples, 2);
        Check.positive("temperature", temperature);
        Check.atLeast("maxTokens", maxTokens, 1);
        // What the policy is compared with has to be the model that wrote the answers.
        Check.that(training.dropout() == 0, "training.dropout", training.dropout(), "0 in grpo");
        if (training.evaluateEvery() > 0 && judge.isEmpty()) {
            throw new InputException("training.evaluate_every is " + training.evaluateEvery()
                    + ", but there is nothing to measure on: name held-out problems in judge");
        }
    }

    @Override
    public List<Input> inputs() {
        List<Input> inputs = new ArrayList<>(problems.inputs());
        judge.forEach(each -> inputs.addAll(each.inputs()));
        inputs.add(Models.input(from));
        return inputs;
    }

    @Override
    public void run(StageContext context) throws IOException {
        ModelFolder folder = ModelFolder.open(Models.folder(from, context));
        Path source = folder.path();
        try (Tokenizer tokenizer = Tokenizer.load(source);
                Decoder model = folder.load(training.precision().dtype(), Device.CPU)) {
            Prompter prompter = new Prompter.OfChat(tokenizer, ChatTemplate.load(source));
            PolicyObjective objective =
                    new PolicyObjective(ratio, aggregation, clipLow, clipHigh, ratioCap, klCoefficient);
            Grpo.Settings settings = new Grpo.Settings(
                    prompts,
                    samples,
                    temperature,
                    maxTokens,
                    updates,
                    advantages,
                    objective,
                    dropTruncated,
                    rowTokens,
                    rowsOfPass,
                    context.seed());
            if (klCoefficient > 0) {
                try (Decoder frozen = folder.load(training.precision().dtype(), Device.CPU)) {
                    train(context, folder, model, prompter, settings, new PolicyUpdate.Reference.Frozen(frozen));
                }
            } else {
                train(context, folder, model, prompter, settings, new PolicyUpdate.Reference.None());
            }
        }
    }

    private void train(
            StageContext context,
            ModelFolder folder,
            Decoder model,
            Prompter prompter,
            Grpo.Settings settings,
            PolicyUpdate.Reference reference)
            throws IOException {
        List<Problem> judged = new ArrayList<>();
        for (ProblemSettings each : judge) judged.addAll(each.evaluation());
        Grpo.Evaluation evaluation = decoder -> judged.isEmpty()
                ? Map.of()
                : Map.of(
                        "val_accuracy",
                        ProblemEvaluation.sampled(judged, prompter, maxTokens, 1, context.seed())
                                .of(decoder)
                                .accuracy());
        Grpo method = new Grpo(
                settings,
                prompter,
                problems.training(context.seed()),
                new Reward.FormattedAccuracy(formatReward),
                reference,
                evaluation);
        TrainingRun.train(context, model, folder.family(), folder.path(), method, training.plan("val_accuracy", true));
    }
}
