package dev.crema.train.method;

import dev.crema.model.Decoder;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyLoss;
import dev.crema.train.Method.Gradients;
import java.util.ArrayList;
import java.util.List;

/** The gradients of one policy update on a rollout: samples are packed into rows, several rows to a backward pass. */
public final class PolicyUpdate {
    private final Grpo.Settings settings;
    private final Reference reference;

    /** One completion of a prompt. */
    record Sample(int[] prompt, int[] completion, float[] logProbabilities, double advantage) {
        int tokens() {
            return prompt.length + completion.length;
        }
    }

    /** What the divergence term compares with. */
    public sealed interface Reference {
        record None() implements Reference {}

        /** A model that stays as it is; whoever made it closes it. */
        record Frozen(Decoder model) implements Reference {}
    }

    record Report(double loss, long tokens, double divergence, double clipped) {}

    PolicyUpdate(Grpo.Settings settings, Reference reference) {
        this.settings = settings;
        this.reference = reference;
        if (settings.objective().klCoefficient() > 0 && reference instanceof Reference.None) {
            throw new IllegalArgumentException("a divergence term needs a reference model");
        }
    }

    Report backward(Decoder model, List<Sample> samples, Gradients gradients) {
        long completionTokens =
                samples.stream().mapToLong(s -> s.completion().length).sum();
        double normaliser = switch (settings.objective().aggregation()) {
            case SEQUENCE_MEAN -> Math.max(1, samples.size());
            case TOKEN_MEAN -> Math.max(1, completionTokens);
            case CONSTANT -> (double) settings.prompts() * settings.samples() * settings.maxTokens();
        };
        double loss = 0, divergence = 0, clipped = 0;
        long tokens = 0;
        for (List<List<Sample>> pass : passes(samples)) {
            PackedSamples packed = PackedSamples.of(pass);
            PolicyLoss policy = backward(model, packed, normaliser);
            gradients.collect();
            loss += policy.loss();
            divergence += policy.divergence();
            clipped += policy.clipped();
            tokens += packed.batch().tokens();
        }
        double scale = Math.max(1, completionTokens);
        return new Report(loss, tokens, divergence / scale, clipped / scale);
    }

    private PolicyLoss backward(Decoder model, PackedSamples packed, double normaliser) {
        try (Tape tape = Tape.open()) {
            Tensor leaf = tape.cut(packed.hiddenStates(model)); // [N, D]
            float[] old = packed.old().clone();
            PolicyLoss policy = new PolicyLoss(
                    settings.objective(), packed.advantages(), packed.firsts(), old, referenceLogs(packed), normaliser);
            VocabularyLoss.Derivative derivative = switch (settings.objective().ratio()) {
                case TOKEN ->
                    (from, to, logs, out) -> {
                        onPolicy(logs, old, from, to);
                        policy.write(from, to, logs, out);
                    };
                case SEQUENCE -> whole(model, leaf, packed, policy, old);
            };
            VocabularyLoss.backward(leaf, model.head(), packed.targets(), settings.temperature(), derivative);
            tape.backward();
            return policy;
        }
    }

    /** With one update the policy that sampled is this one: ratios are 1 by definition, whatever the rounding. */
    private void onPolicy(float[] logs, float[] old, int from, int to) {
        if (settings.updates() == 1) System.arraycopy(logs, from, old, from, to - from);
    }

    /** Ratios by sequence need the log-probabilities of all tokens before the first derivative. */
    private VocabularyLoss.Derivative whole(
            Decoder model, Tensor leaf, PackedSamples packed, PolicyLoss policy, float[] old) {
        float[] logs = VocabularyLoss.logProbabilities(leaf, model.head(), packed.targets(), settings.temperature());
        onPolicy(logs, old, 0, logs.length);
        float[] all = new float[logs.length];
        policy.write(0, logs.length, logs, all);
        return (from, to, ignored, out) -> System.arraycopy(all, from, out, from, to - from);
    }

    private float[] referenceLogs(PackedSamples packed) {
        return switch (reference) {
            case Reference.None none -> new float[0];
            case Reference.Frozen(Decoder model) -> logProbabilities(model, packed);
        };
    }

    private float[] logProbabilities(Decoder model, PackedSamples packed) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor rows = packed.hiddenStates(model);
            return VocabularyLoss.logProbabilities(rows, model.head(), packed.targets(), settings.temperature());
        }
    }

    /** Returns the log-probabilities of completion tokens, sample by sample. */
    static float[] logProbabilities(Decoder model, List<Sample> samples, Grpo.Settings settings) {
        PolicyUpdate update = new PolicyUpdate(settings, new Reference.None());
        PackedSamples packed = PackedSamples.of(PackedSamples.rows(samples, settings.rowTokens()));
        return update.logProbabilities(model, packed);
    }

    private List<List<List<Sample>>> passes(List<Sample> samples) {
        List<List<Sample>> rows = PackedSamples.rows(samples, settings.rowTokens());
        List<List<List<Sample>>> passes = new ArrayList<>();
        for (int from = 0; from < rows.size(); from += settings.rowsOfPass()) {
            passes.add(rows.subList(from, Math.min(rows.size(), from + settings.rowsOfPass())));
        }
        return passes;
    }
}
