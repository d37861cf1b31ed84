package dev.crema.train.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.crema.infer.Completion;
import dev.crema.infer.GenerationOptions;
import dev.crema.infer.Generator;
import dev.crema.infer.Sampling;
import dev.crema.infer.TokenListener;
import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.train.MasterWeights;
import dev.crema.train.Optimizer;
import dev.crema.train.Optimizer.Settings.AdamWSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PolicyUpdateTest {
    private static final Path MODEL = Path.of("src/test/resources/golden/adamw/llama");
    private static final List<int[]> PROMPTS =
            List.of(new int[] {5, 9, 3}, new int[] {7}, new int[] {1, 2, 3, 4, 5, 6});

    private static Grpo.Settings settings(int updates) {
        return new Grpo.Settings(3, 4, 0.8, 12, updates, Advantages.GROUP, PolicyObjective.standard(), false, 40, 2, 1);
    }

    private static List<PolicyUpdate.Sample> samples(Decoder model) {
        var options = new GenerationOptions(12, Sampling.at(0.8), Set.of(0, 1, 2, 3), 7);
        List<PolicyUpdate.Sample> samples = new ArrayList<>();
        for (Completion c : new Generator(model)
                .generate(PROMPTS, 4, options, TokenListener.NONE)
                .completions()) {
            double advantage = samples.size() % 4 < 2 ? 1 : -1;
            samples.add(new PolicyUpdate.Sample(PROMPTS.get(c.prompt()), c.ids(), c.logProbabilities(), advantage));
        }
        return samples;
    }

    @Test
    void theUpdateSeesTheProbabilitiesThatTheSamplesWereDrawnWith() {
        try (Decoder model = ModelFolder.open(MODEL).load(DType.FP32, Device.CPU)) {
            List<PolicyUpdate.Sample> samples = samples(model);
            assertThat(samples.stream()
                            .mapToInt(s -> s.completion().length)
                            .distinct()
                            .count())
                    .isGreaterThan(2);
            float[] again = PolicyUpdate.logProbabilities(model, samples, settings(1));
            int at = 0;
            for (PolicyUpdate.Sample sample : samples) {
                for (float log : sample.logProbabilities())
                    assertThat(again[at++]).isCloseTo(log, within(1e-3f));
            }
            assertThat(at).isEqualTo(again.length);
        }
    }

    @Test
    void whatSamplesShareCountsForEach() {
        try (Decoder model = ModelFolder.open(MODEL).load(DType.FP32, Device.CPU)) {
            List<PolicyUpdate.Sample> samples = samples(model);
            Map<String, float[]> shared = gradients(model, samples, settings(1));
            // A row of its own for each: nothing is shared.
            var base = settings(1);
            var single = new Grpo.Settings(
                    3, 4, 0.8, 12, 1, base.advantages(), base.objective(), false, 1, base.rowsOfPass(), 1);
            assertThat(PackedSamples.rows(samples, 1)).hasSameSizeAs(samples);
            assertThat(PackedSamples.rows(samples, 40)).hasSizeLessThan(samples.size() / 2);
            Map<String, float[]> alone = gradients(model, samples, single);
            assertThat(shared.keySet()).isEqualTo(alone.keySet());
            shared.forEach((name, values) -> {
                float[] expected = Objects.requireNonNull(alone.get(name));
                double most = 0, off = 0;
                for (int i = 0; i < values.length; i++) {
                    most = Math.max(most, Math.abs(expected[i]));
                    off = Math.max(off, Math.abs(values[i] - expected[i]));
                }
                assertThat(off).as(name).isLessThan(1e-5 * most + 1e-9);
            });
        }
    }

    private static Map<String, float[]> gradients(
            Decoder model, List<PolicyUpdate.Sample> samples, Grpo.Settings settings) {
        Map<String, float[]> gradients = new HashMap<>();
        try (MasterWeights masters = MasterWeights.of(model.weights())) {
            new PolicyUpdate(settings, new PolicyUpdate.Reference.None()).backward(model, samples, masters::collect);
            masters.all().forEach(m -> gradients.put(m.name(), m.gradient().toFloats()));
            masters.clearGradients();
        }
        return gradients;
    }

    @Test
    void aStepMakesBetterSamplesLikelierAndWorseOnesLess() {
        for (int updates : new int[] {1, 2}) {
            try (Decoder model = ModelFolder.open(MODEL).load(DType.FP32, Device.CPU);
                    MasterWeights masters = MasterWeights.of(model.weights());
                    Optimizer optimizer = Optimizer.of(new AdamWSettings(2e-3, 0.9, 0.99, 1e-8, 0), masters)) {
                List<PolicyUpdate.Sample> samples = samples(model);
                double before = advantageOfLikelihood(model, samples);
                for (int i = 0; i < updates; i++) {
                    new PolicyUpdate(settings(updates), new PolicyUpdate.Reference.None())
                            .backward(model, samples, masters::collect);
                    optimizer.step(1);
                    masters.clearGradients();
                }
                assertThat(advantageOfLikelihood(model, samples)).isGreaterThan(before + 0.05);
            }
        }
    }

    private static double advantageOfLikelihood(Decoder model, List<PolicyUpdate.Sample> samples) {
        float[] logs = PolicyUpdate.logProbabilities(model, samples, settings(1));
        double sum = 0;
        int at = 0;
        for (PolicyUpdate.Sample sample : samples) {
            for (int i = 0; i < sample.completion().length; i++) sum += sample.advantage() * logs[at++];
        }
        return sum / at;
    }
}
