package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Decoder;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyLoss;
import dev.crema.train.Method.Gradients;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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
            PolicyLoss policy = backward(model, pass, normaliser);
            gradients.collect();
            loss += policy.loss();
            divergence += policy.divergence();
            clipped += policy.clipped();
            tokens += pass.stream()
                    .flatMap(List::stream)
                    .mapToLong(Sample::tokens)
                    .sum();
        }
        double scale = Math.max(1, completionTokens);
        return new Report(loss, tokens, divergence / scale, clipped / scale);
    }

    private PolicyLoss backward(Decoder model, List<List<Sample>> rows, double normaliser) {
        Packed packed = Packed.of(rows);
        try (Tape tape = Tape.open()) {
            Tensor hidden = ModelBatch.hiddenStates(model, packed.batch());
            Tensor leaf = tape.cut(ModelBatch.at(hidden, packed.places())); // [N, D]
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
    private VocabularyLoss.Derivative whole(Decoder model, Tensor leaf, Packed packed, PolicyLoss policy, float[] old) {
        float[] logs = VocabularyLoss.logProbabilities(leaf, model.head(), packed.targets(), settings.temperature());
        onPolicy(logs, old, 0, logs.length);
        float[] all = new float[logs.length];
        policy.write(0, logs.length, logs, all);
        return (from, to, ignored, out) -> System.arraycopy(all, from, out, from, to - from);
    }

    private float[] referenceLogs(Packed packed) {
        return switch (reference) {
            case Reference.None none -> new float[0];
            case Reference.Frozen(Decoder model) -> logProbabilities(model, packed);
        };
    }

    private float[] logProbabilities(Decoder model, Packed packed) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor hidden = ModelBatch.hiddenStates(model, packed.batch());
            Tensor rows = ModelBatch.at(hidden, packed.places());
            return VocabularyLoss.logProbabilities(rows, model.head(), packed.targets(), settings.temperature());
        }
    }

    /** Returns the log-probabilities of completion tokens, sample by sample {@link #inRowOrder}. */
    static float[] logProbabilities(Decoder model, List<Sample> samples, Grpo.Settings settings) {
        PolicyUpdate update = new PolicyUpdate(settings, new Reference.None());
        Packed packed =
                Packed.of(update.passes(samples).stream().flatMap(List::stream).toList());
        return update.logProbabilities(model, packed);
    }

    /** Returns samples in the order in which they are packed. */
    static List<Sample> inRowOrder(List<Sample> samples, Grpo.Settings settings) {
        return new PolicyUpdate(settings, new Reference.None())
                .passes(samples).stream()
                        .flatMap(List::stream)
                        .flatMap(List::stream)
                        .toList();
    }

    /** Packs samples into rows, first fit by falling length, and rows into passes. */
    private List<List<List<Sample>>> passes(List<Sample> samples) {
        List<List<Sample>> rows = new ArrayList<>();
        List<Integer> used = new ArrayList<>();
        List<Sample> longestFirst = new ArrayList<>(samples);
        longestFirst.sort(Comparator.comparingInt(Sample::tokens).reversed());
        for (Sample sample : longestFirst) {
            int row = 0;
            while (row < rows.size() && used.get(row) + sample.tokens() > settings.rowTokens()) row++;
            if (row == rows.size()) {
                rows.add(new ArrayList<>());
                used.add(0);
            }
            rows.get(row).add(sample);
            used.set(row, used.get(row) + sample.tokens());
        }
        List<List<List<Sample>>> passes = new ArrayList<>();
        for (int from = 0; from < rows.size(); from += settings.rowsOfPass()) {
            passes.add(rows.subList(from, Math.min(rows.size(), from + settings.rowsOfPass())));
        }
        return passes;
    }

    /**
     * Samples as a batch.
     *
     * @param places of the hidden states that predict completion tokens, sample by sample
     * @param firsts where each sample's begin among them, and the end
     */
    private record Packed(Batch batch, int[] places, int[] targets, int[] firsts, double[] advantages, float[] old) {
        static Packed of(List<List<Sample>> rows) {
            int columns = rows.stream()
                    .mapToInt(row -> row.stream().mapToInt(Sample::tokens).sum())
                    .max()
                    .orElse(1);
            int size = rows.size() * columns;
            int[] ids = new int[size], targets = new int[size], positions = new int[size], documents = new int[size];
            Arrays.fill(targets, Batch.NO_LOSS);
            Arrays.fill(documents, Batch.PADDING);
            List<Sample> samples = rows.stream().flatMap(List::stream).toList();
            int count = samples.stream().mapToInt(s -> s.completion().length).sum();
            int[] places = new int[count], chosen = new int[count], firsts = new int[samples.size() + 1];
            double[] advantages = new double[samples.size()];
            float[] old = new float[count];
            int next = 0, sampleNumber = 0;
            long tokens = 0;
            for (int row = 0; row < rows.size(); row++) {
                int at = row * columns;
                for (int d = 0; d < rows.get(row).size(); d++) {
                    Sample sample = rows.get(row).get(d);
                    int prompt = sample.prompt().length, length = sample.tokens();
                    System.arraycopy(sample.prompt(), 0, ids, at, prompt);
                    System.arraycopy(sample.completion(), 0, ids, at + prompt, sample.completion().length);
                    for (int i = 0; i < length; i++) {
                        positions[at + i] = i;
                        documents[at + i] = d;
                    }
                    firsts[sampleNumber] = next;
                    advantages[sampleNumber++] = sample.advantage();
                    System.arraycopy(sample.logProbabilities(), 0, old, next, sample.completion().length);
                    for (int i = 0; i < sample.completion().length; i++) {
                        places[next] = at + prompt - 1 + i;
                        chosen[next++] = sample.completion()[i];
                    }
                    at += length;
                    tokens += length;
                }
            }
            firsts[samples.size()] = next;
            Batch batch = new Batch(rows.size(), columns, ids, targets, positions, documents, tokens);
            return new Packed(batch, places, chosen, firsts, advantages, old);
        }
    }
}
