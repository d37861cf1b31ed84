package dev.crema.train.method;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.data.Example.Problem;
import dev.crema.infer.Completion;
import dev.crema.infer.GenerationOptions;
import dev.crema.infer.Generator;
import dev.crema.infer.Sampling;
import dev.crema.infer.TokenListener;
import dev.crema.model.Decoder;
import dev.crema.text.InputException;
import dev.crema.train.Method;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Group-relative policy optimisation with rewards that can be verified (Shao et al., "DeepSeekMath", 2024; the method of
 * R1-Zero and R1, DeepSeek-AI, 2025).
 *
 * <p>For each of a few problems the model writes a group of samples. A rule rewards each; a sample's advantage is its
 * reward against those of its group, which takes the place of a critic. The policy gradient then makes better samples
 * likelier and worse ones less. A group whose samples are all alike says nothing and is left out.
 */
public final class Grpo implements Method<Decoder> {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Settings settings;
    private final Prompter prompter;
    private final ProblemSource problems;
    private final Reward reward;
    private final Evaluation evaluation;
    private final PolicyUpdate update;
    private List<PolicyUpdate.Sample> rollout = new ArrayList<>();
    private int updatesDone;
    private long nextProblem;
    private long sampledTokens;
    private Map<String, Double> rolloutMetrics = Map.of();

    /**
     * The numbers of a run.
     *
     * @param prompts problems of a rollout
     * @param samples completions of each
     * @param temperature of the sampling
     * @param maxTokens of a completion
     * @param updates optimizer steps on each rollout; with one, the policy that learns is the one that sampled
     * @param dropTruncated whether a completion cut off by the limit is left out (DAPO's overlong filter)
     * @param rowTokens how many tokens a row of the update holds
     */
    public record Settings(
            int prompts,
            int samples,
            double temperature,
            int maxTokens,
            int updates,
            Advantages advantages,
            PolicyObjective objective,
            boolean dropTruncated,
            int rowTokens,
            int rowsOfPass,
            long seed) {
        public Settings {
            if (prompts < 1 || samples < 2 || updates < 1) {
                throw new InputException("GRPO needs at least 1 prompt, 2 samples and 1 update, not " + prompts + ", "
                        + samples + " and " + updates);
            }
            if (!(temperature > 0)) throw new InputException("GRPO cannot sample at a temperature of " + temperature);
        }
    }

    /** Measures a model while it trains. */
    @FunctionalInterface
    public interface Evaluation {
        Map<String, Double> of(Decoder model);
    }

    public Grpo(
            Settings settings,
            Prompter prompter,
            ProblemSource problems,
            Reward reward,
            PolicyUpdate.Reference reference,
            Evaluation evaluation) {
        this.settings = settings;
        this.prompter = prompter;
        this.problems = problems;
        this.reward = reward;
        this.evaluation = evaluation;
        this.update = new PolicyUpdate(settings, reference);
    }

    @Override
    public StepReport accumulate(Decoder model, Gradients gradients, long step) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        long begin = System.nanoTime();
        if (updatesDone == 0) sample(model);
        double rolloutSeconds = (System.nanoTime() - begin) / 1e9;
        begin = System.nanoTime();
        PolicyUpdate.Report report = update.backward(model, rollout, gradients);
        metrics.putAll(rolloutMetrics);
        metrics.put("kl", report.divergence());
        metrics.put("clipped", report.clipped());
        metrics.put("rollout_s", rolloutSeconds);
        metrics.put("update_s", (System.nanoTime() - begin) / 1e9);
        updatesDone = (updatesDone + 1) % settings.updates();
        return new StepReport(report.loss(), report.tokens() + (updatesDone == 0 ? sampledTokens : 0), metrics);
    }

    private void sample(Decoder model) {
        List<Problem> batch = new ArrayList<>();
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < settings.prompts(); i++) {
            Problem problem = problems.problem(nextProblem++);
            batch.add(problem);
            prompts.add(prompter.prompt(problem));
        }
        var options = new GenerationOptions(
                settings.maxTokens(),
                Sampling.at(settings.temperature()),
                prompter.tokenizer().specials().stopIds(),
                settings.seed() + nextProblem);
        Generator.Result result =
                new Generator(model).generate(prompts, settings.samples(), options, TokenListener.NONE);
        judge(batch, prompts, result);
    }

    private void judge(List<Problem> batch, List<int[]> prompts, Generator.Result result) {
        List<Completion> completions = result.completions();
        double[] rewards = new double[completions.size()];
        double correct = 0, formatted = 0, length = 0, truncated = 0;
        for (int i = 0; i < rewards.length; i++) {
            Completion completion = completions.get(i);
            Problem problem = batch.get(completion.prompt());
            String text = prompter.text(completion.ids());
            rewards[i] = reward.of(problem, text);
            correct += Reward.same(Reward.answer(text), problem.answer()) ? 1 : 0;
            formatted += Reward.tagged(text) ? 1 : 0;
            length += completion.ids().length;
            truncated += completion.finishReason() == Completion.FinishReason.LENGTH ? 1 : 0;
        }
        double[] advantages = settings.advantages().of(rewards, settings.samples());
        rollout = new ArrayList<>();
        int uniform = 0;
        for (int from = 0; from < rewards.length; from += settings.samples()) {
            if (uniform(rewards, from, settings.samples())) {
                uniform++;
                continue;
            }
            for (int i = from; i < from + settings.samples(); i++) {
                Completion completion = completions.get(i);
                boolean cut = completion.finishReason() == Completion.FinishReason.LENGTH;
                if (cut && settings.dropTruncated()) continue;
                rollout.add(new PolicyUpdate.Sample(
                        prompts.get(completion.prompt()),
                        completion.ids(),
                        completion.logProbabilities(),
                        advantages[i]));
            }
        }
        sampledTokens = (long) length;
        int n = rewards.length;
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("reward", java.util.Arrays.stream(rewards).average().orElse(0));
        metrics.put("accuracy", correct / n);
        metrics.put("format_rate", formatted / n);
        metrics.put("completion_tokens", length / n);
        metrics.put("truncated", truncated / n);
        metrics.put("uniform_groups", (double) uniform * settings.samples() / n);
        rolloutMetrics = metrics;
    }

    private static boolean uniform(double[] rewards, int from, int count) {
        for (int i = from + 1; i < from + count; i++) if (rewards[i] != rewards[from]) return false;
        return true;
    }

    @Override
    public Map<String, Double> evaluate(Decoder model) {
        return evaluation.of(model);
    }

    @Override
    public JsonNode state() {
        ObjectNode state = JSON.createObjectNode();
        state.put("next_problem", nextProblem).put("updates_done", updatesDone).put("sampled_tokens", sampledTokens);
        // A rollout of which updates are left is part of the state.
        if (updatesDone > 0) state.set("rollout", JSON.valueToTree(rollout));
        state.set("metrics", JSON.valueToTree(rolloutMetrics));
        return state;
    }

    @Override
    public void restore(JsonNode state) {
        nextProblem = state.path("next_problem").asLong();
        updatesDone = state.path("updates_done").asInt();
        sampledTokens = state.path("sampled_tokens").asLong();
        try {
            rollout = new ArrayList<>();
            for (JsonNode sample : state.path("rollout")) {
                rollout.add(JSON.treeToValue(sample, PolicyUpdate.Sample.class));
            }
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new InputException("The checkpoint's rollout is malformed: " + e.getOriginalMessage(), e);
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        state.path("metrics")
                .properties()
                .forEach(p -> metrics.put(p.getKey(), p.getValue().asDouble()));
        rolloutMetrics = metrics;
    }
}
