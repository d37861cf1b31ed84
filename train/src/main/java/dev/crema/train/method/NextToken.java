package dev.crema.train.method;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.data.Batch;
import dev.crema.data.BatchSource;
import dev.crema.data.Cursor;
import dev.crema.model.Decoder;
import dev.crema.model.RouterTrace;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyLoss;
import dev.crema.text.InputException;
import dev.crema.train.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Learns to predict the next token: the cross-entropy {@code -Σ log p(x_t | x_<t) / N}.
 *
 * <p>Pretraining and supervised fine-tuning are both this; they differ by the data, and by which tokens bear loss. The
 * mean is over the tokens with loss of the whole step, so that it does not matter how a step is cut into backward passes.
 */
public final class NextToken implements Method<Decoder> {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final BatchSource training;
    private final List<Batch> validation;
    private final int backwardPasses;
    private final ModelBatch.Activations activations;
    private final double balance;

    /**
     * @param validation batches to measure on; may be empty
     * @param backwardPasses batches of a step
     * @param recompute whether blocks are run again in the backward pass, to save memory
     */
    public NextToken(BatchSource training, List<Batch> validation, int backwardPasses, boolean recompute) {
        this(training, validation, backwardPasses, recompute, 0);
    }

    /** @param balance weight of the loss that evens the load of experts out ({@link RouterTrace}); 0 leaves it out */
    public NextToken(
            BatchSource training, List<Batch> validation, int backwardPasses, boolean recompute, double balance) {
        this.balance = balance;
        this.training = training;
        this.validation = List.copyOf(validation);
        this.backwardPasses = backwardPasses;
        this.activations = recompute ? ModelBatch.Activations.RECOMPUTE : ModelBatch.Activations.KEEP;
    }

    @Override
    public StepReport accumulate(Decoder model, Gradients gradients, long step) {
        List<Batch> batches = new ArrayList<>();
        long lossTokens = 0, tokens = 0;
        while (batches.size() < backwardPasses) {
            Batch batch = training.next();
            batches.add(batch);
            lossTokens += batch.lossTokens();
            tokens += batch.tokens();
        }
        double loss = 0, uneven = 0;
        for (Batch batch : batches) {
            RouterTrace trace = RouterTrace.of(balance / backwardPasses, ModelBatch.inDocuments(batch));
            loss += backward(model, batch, lossTokens, trace);
            uneven += trace.loss() / backwardPasses;
            gradients.collect();
        }
        Map<String, Double> metrics = balance == 0 ? Map.of() : Map.of("balance_loss", uneven);
        return new StepReport(loss / Math.max(1, lossTokens), tokens, metrics);
    }

    private double backward(Decoder model, Batch batch, long lossTokens, RouterTrace trace) {
        int[] places = ModelBatch.lossPlaces(batch);
        if (places.length == 0) return 0;
        float derivative = -1f / lossTokens;
        try (Tape tape = Tape.open()) {
            Tensor hidden = balance == 0
                    ? ModelBatch.hiddenStates(model, batch, activations) // [B T, D]
                    : ModelBatch.hiddenStates(model, batch, activations, trace);
            Tensor leaf = tape.cut(ModelBatch.at(hidden, places)); // [N, D]
            float[] logProbabilities = VocabularyLoss.backward(
                    leaf,
                    model.head(),
                    ModelBatch.targets(batch, places),
                    1,
                    (from, to, logs, derivatives) -> Arrays.fill(derivatives, from, to, derivative));
            tape.backward();
            return negativeSum(logProbabilities);
        }
    }

    @Override
    public Map<String, Double> evaluate(Decoder model) {
        if (validation.isEmpty()) return Map.of();
        double sum = 0;
        long count = 0;
        for (Batch batch : validation) {
            int[] places = ModelBatch.lossPlaces(batch);
            try (Scope scope = Scope.open();
                    var off = dev.crema.tensor.Autograd.off()) {
                Tensor hidden = ModelBatch.hiddenStates(model, batch, ModelBatch.Activations.KEEP);
                float[] logs = VocabularyLoss.logProbabilities(
                        ModelBatch.at(hidden, places), model.head(), ModelBatch.targets(batch, places), 1);
                sum += negativeSum(logs);
                count += places.length;
            }
        }
        double loss = sum / Math.max(1, count);
        return Map.of("val_loss", loss, "val_perplexity", Math.exp(loss));
    }

    private static double negativeSum(float[] values) {
        double sum = 0;
        for (float value : values) sum -= value;
        return sum;
    }

    @Override
    public JsonNode state() {
        return JSON.createObjectNode().set("data", JSON.valueToTree(training.cursor()));
    }

    @Override
    public void restore(JsonNode state) {
        try {
            training.seek(JSON.treeToValue(state.path("data"), Cursor.class));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new InputException("The checkpoint's data cursor is malformed: " + e.getOriginalMessage(), e);
        }
    }
}
