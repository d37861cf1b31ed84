package dev.crema.train.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.data.Cursor;
import dev.crema.data.LabelledRows;
import dev.crema.data.LabelledTexts;
import dev.crema.model.Activations;
import dev.crema.model.Dropout;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.EncoderInput;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import dev.crema.train.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Learns the labels of texts, or of words: the cross-entropy of a sequence or token classifier's head, the mean over the
 * labels of a step.
 */
public final class Classification implements Method<Encoder> {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final LabelledRows training;
    private final List<LabelledTexts.Batch> validation;
    private final PassPlan plan;

    /** @param validation batches to measure on; may be empty */
    public Classification(LabelledRows training, List<LabelledTexts.Batch> validation, PassPlan plan) {
        this.training = training;
        this.validation = List.copyOf(validation);
        this.plan = plan;
    }

    @Override
    public StepReport accumulate(Encoder model, Gradients gradients, long step) {
        List<LabelledTexts.Batch> batches = new ArrayList<>();
        while (batches.size() < plan.backwardPasses()) batches.add(training.next());
        long labelled =
                batches.stream().mapToLong(LabelledTexts.Batch::labelled).sum();
        double loss = 0;
        for (int pass = 0; pass < batches.size(); pass++) {
            try (Tape tape = Tape.open()) {
                Judged judged = Judged.of(model, batches.get(pass), plan.activations(), plan.dropout(step, pass));
                // A step whose texts were all cut before their first word has nothing to learn.
                Tensor share = judged.lossSum().div(Math.max(1, labelled));
                share.backward();
                loss += share.item();
            }
            gradients.collect();
        }
        return new StepReport(
                loss, batches.stream().mapToLong(LabelledTexts.Batch::tokens).sum(), Map.of());
    }

    @Override
    public Map<String, Double> evaluate(Encoder model) {
        if (validation.isEmpty()) return Map.of();
        double loss = 0;
        long right = 0, labelled = 0;
        EntityScore entities = new EntityScore();
        for (LabelledTexts.Batch batch : validation) {
            try (Scope scope = Scope.open();
                    var off = Autograd.off()) {
                Judged judged = Judged.of(model, batch, Activations.KEEP, Dropout.NONE);
                loss += judged.lossSum().item();
                long[] chosen = judged.logits().argmax(-1).toLongs();
                for (int i = 0; i < chosen.length; i++) if (chosen[i] == judged.targets()[i]) right++;
                labelled += batch.labelled();
                if (model.config().head() instanceof Head.TokenClassification(List<String> labels)) {
                    count(chosen, judged.targets(), batch, labels, entities);
                }
            }
        }
        Map<String, Double> scores = new LinkedHashMap<>();
        scores.put("val_loss", loss / Math.max(1, labelled));
        scores.put("val_accuracy", (double) right / Math.max(1, labelled));
        if (model.config().head() instanceof Head.TokenClassification) {
            scores.put("val_precision", entities.precision());
            scores.put("val_recall", entities.recall());
            scores.put("val_f1", entities.f1());
        }
        return scores;
    }

    /** Compares the entities of each text, tag by tag of its words. */
    private static void count(
            long[] chosen, long[] targets, LabelledTexts.Batch batch, List<String> labels, EntityScore entities) {
        int columns = targets.length / batch.texts().size();
        for (int row = 0; row < batch.texts().size(); row++) {
            List<String> wanted = new ArrayList<>(), found = new ArrayList<>();
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                if (targets[i] == LabelledTexts.NONE) continue;
                wanted.add(labels.get((int) targets[i]));
                found.add(labels.get((int) chosen[i]));
            }
            entities.add(wanted, found);
        }
    }

    /**
     * What a model says of a batch, label by label.
     *
     * @param logits {@code [N, labels]} in fp32; N is B, or B T of words
     * @param targets {@code [N]}
     */
    private record Judged(Tensor logits, long[] targets) {
        static Judged of(Encoder model, LabelledTexts.Batch batch, Activations activations, Dropout dropout) {
            EncoderInput input = EncoderInput.of(batch.texts(), model.device());
            Tensor hidden = model.hiddenStates(input, activations, dropout); // [B, T, D]
            Tensor logits = model.logits(hidden).to(DType.FP32); // [B, labels] or [B, T, labels]
            int columns = logits.rank() == 3 ? Math.toIntExact(logits.size(1)) : 1;
            long[] targets = new long[batch.texts().size() * columns];
            Arrays.fill(targets, LabelledTexts.NONE);
            for (int row = 0; row < batch.texts().size(); row++) {
                int[] target = batch.targets().get(row);
                for (int i = 0; i < target.length; i++) targets[row * columns + i] = target[i];
            }
            return new Judged(logits.reshape(targets.length, -1), targets);
        }

        Tensor lossSum() {
            return Functions.crossEntropySum(
                    logits, Tensors.of(targets, targets.length).to(logits.device()));
        }
    }

    @Override
    public JsonNode state() {
        return JSON.createObjectNode().set("data", JSON.valueToTree(training.cursor()));
    }

    @Override
    public void restore(JsonNode state) {
        try {
            training.seek(JSON.treeToValue(state.path("data"), Cursor.class));
        } catch (JsonProcessingException e) {
            throw new InputException("The checkpoint's data cursor is malformed: " + e.getOriginalMessage(), e);
        }
    }
}
