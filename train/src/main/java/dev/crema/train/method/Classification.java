package dev.crema.train.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.data.Cursor;
import dev.crema.data.LabelledRows;
import dev.crema.data.LabelledTexts;
import dev.crema.model.Encoder;
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
import java.util.List;
import java.util.Map;

/** Learns the labels of texts: the cross-entropy of a sequence classifier's head, the mean over the texts of a step. */
public final class Classification implements Method<Encoder> {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final LabelledRows training;
    private final List<LabelledTexts.Batch> validation;
    private final int backwardPasses;

    /**
     * @param validation batches to measure on; may be empty
     * @param backwardPasses batches of a step
     */
    public Classification(LabelledRows training, List<LabelledTexts.Batch> validation, int backwardPasses) {
        this.training = training;
        this.validation = List.copyOf(validation);
        this.backwardPasses = backwardPasses;
    }

    @Override
    public StepReport accumulate(Encoder model, Gradients gradients, long step) {
        List<LabelledTexts.Batch> batches = new ArrayList<>();
        while (batches.size() < backwardPasses) batches.add(training.next());
        long texts = batches.stream().mapToLong(batch -> batch.targets().length).sum();
        double loss = 0;
        for (LabelledTexts.Batch batch : batches) {
            try (Tape tape = Tape.open()) {
                Tensor share = lossSum(logits(model, batch), batch.targets()).div(texts);
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
        long right = 0, texts = 0;
        for (LabelledTexts.Batch batch : validation) {
            try (Scope scope = Scope.open();
                    var off = Autograd.off()) {
                Tensor logits = logits(model, batch);
                loss += lossSum(logits, batch.targets()).item();
                long[] chosen = logits.argmax(-1).toLongs();
                for (int i = 0; i < chosen.length; i++) if (chosen[i] == batch.targets()[i]) right++;
                texts += chosen.length;
            }
        }
        return Map.of("val_loss", loss / texts, "val_accuracy", (double) right / texts);
    }

    /** Returns {@code [B, labels]} in fp32. */
    private static Tensor logits(Encoder model, LabelledTexts.Batch batch) {
        Tensor hidden = model.hiddenStates(EncoderInput.of(batch.texts(), model.device()));
        return model.logits(hidden).to(DType.FP32);
    }

    private static Tensor lossSum(Tensor logits, int[] targets) {
        long[] wide = Arrays.stream(targets).asLongStream().toArray();
        return Functions.crossEntropySum(logits, Tensors.of(wide, wide.length).to(logits.device()));
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
