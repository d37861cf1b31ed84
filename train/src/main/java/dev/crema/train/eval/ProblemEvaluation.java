package dev.crema.train.eval;

import dev.crema.data.Example.Problem;
import dev.crema.infer.BatchWriter;
import dev.crema.infer.Completion;
import dev.crema.infer.GenerationOptions;
import dev.crema.infer.Sampling;
import dev.crema.infer.TokenListener;
import dev.crema.model.Model;
import dev.crema.train.method.Prompter;
import dev.crema.train.method.Reward;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;

/** Judges a model by the share of problems that it answers rightly. */
public final class ProblemEvaluation {
    /** Problems answered together: as many as a rollout has, so that the cache stays small. */
    private static final int BATCH = 128;

    private final List<Problem> problems;
    private final Prompter prompter;
    private final int maxTokens;
    private final int samples;
    private final Sampling sampling;
    private final long seed;

    /**
     * What a model came to.
     *
     * @param accuracy share of answers that are right
     * @param formatRate share of completions that reason between tags and answer between tags
     * @param meanThinkTokens tokens between the thinking tags, over completions that have them
     */
    public record Score(double accuracy, double formatRate, double meanThinkTokens, long completions) {}

    private ProblemEvaluation(
            List<Problem> problems, Prompter prompter, int maxTokens, int samples, Sampling sampling, long seed) {
        this.problems = problems;
        this.prompter = prompter;
        this.maxTokens = maxTokens;
        this.samples = samples;
        this.sampling = sampling;
        this.seed = seed;
    }

    /** Takes the likeliest token each time. */
    public static ProblemEvaluation greedy(List<Problem> problems, Prompter prompter, int maxTokens) {
        return new ProblemEvaluation(problems, prompter, maxTokens, 1, Sampling.greedy(), 0);
    }

    /** Samples at temperature 1, as reinforcement learning does. */
    public static ProblemEvaluation sampled(
            List<Problem> problems, Prompter prompter, int maxTokens, int samples, long seed) {
        return new ProblemEvaluation(problems, prompter, maxTokens, samples, Sampling.at(1), seed);
    }

    /** Measures a model. */
    public Score of(Model model) {
        return of(model, answered -> {});
    }

    /** Measures a model and tells {@code answered} how many answers there are so far. */
    public Score of(Model model, LongConsumer answered) {
        int right = 0, formatted = 0, thinking = 0, all = 0;
        long thinkTokens = 0;
        BatchWriter writer = BatchWriter.of(model);
        for (int from = 0; from < problems.size(); from += BATCH) {
            List<Problem> batch = problems.subList(from, Math.min(problems.size(), from + BATCH));
            List<int[]> prompts = new ArrayList<>();
            for (Problem problem : batch) prompts.add(prompter.prompt(problem));
            var options = new GenerationOptions(
                    maxTokens, sampling, prompter.tokenizer().specials().stopIds(), seed + from);
            for (Completion completion : writer.generate(prompts, samples, options, TokenListener.NONE)
                    .completions()) {
                String text = prompter.text(completion.ids());
                all++;
                if (Reward.same(
                        Reward.answer(text), batch.get(completion.prompt()).answer())) right++;
                Matcher tagged = Reward.TAGGED.matcher(text);
                if (Reward.tagged(text)) formatted++;
                if (tagged.matches()) {
                    thinking++;
                    thinkTokens += prompter.tokenizer().encode(tagged.group("think")).length;
                }
            }
            answered.accept(all);
        }
        return new Score(
                (double) right / all,
                (double) formatted / all,
                thinking == 0 ? 0 : (double) thinkTokens / thinking,
                all);
    }
}
