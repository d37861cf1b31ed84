package dev.crema.train.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.data.Batch;
import dev.crema.data.BatchSource;
import dev.crema.data.Cursor;
import dev.crema.data.PairBatch;
import dev.crema.data.PairSource;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.Model;
import dev.crema.tensor.Autograd;
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
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Learns to predict tokens that are not simply the next: hidden ones (BERT), or a text about another (T5). The loss is the
 * cross-entropy {@code -Σ log p(target) / N}, the mean over the targets of the whole step.
 */
public final class TokenPrediction<M extends Model, B> implements Method<M> {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Prediction<M, B> prediction;
    private final Data<B> training;
    private final List<B> validation;
    private final int backwardPasses;

    /** Batches without end, and their place. */
    private record Data<B>(Supplier<B> next, Supplier<Cursor> cursor, Consumer<Cursor> seek) {}

    private TokenPrediction(Prediction<M, B> prediction, Data<B> training, List<B> validation, int backwardPasses) {
        this.prediction = prediction;
        this.training = training;
        this.validation = List.copyOf(validation);
        this.backwardPasses = backwardPasses;
    }

    /**
     * Teaches a masked language model to find hidden tokens.
     *
     * @param validation batches to measure on; may be empty
     * @param backwardPasses batches of a step
     * @param recompute whether blocks are run again in the backward pass, to save memory
     */
    public static TokenPrediction<Encoder, Batch> hidden(
            BatchSource training, List<Batch> validation, int backwardPasses, boolean recompute) {
        Data<Batch> data = new Data<>(training::next, training::cursor, training::seek);
        return new TokenPrediction<>(new HiddenTokens(recompute), data, validation, backwardPasses);
    }

    /** Teaches an encoder-decoder to write the second text of each pair, of which it sees what precedes each token. */
    public static TokenPrediction<EncoderDecoder, PairBatch> pairs(
            PairSource training, List<PairBatch> validation, int backwardPasses) {
        Data<PairBatch> data = new Data<>(training::next, training::cursor, training::seek);
        return new TokenPrediction<>(new WrittenTokens(), data, validation, backwardPasses);
    }

    @Override
    public StepReport accumulate(M model, Gradients gradients, long step) {
        List<B> batches = new ArrayList<>();
        long targets = 0, tokens = 0;
        while (batches.size() < backwardPasses) {
            B batch = training.next().get();
            batches.add(batch);
            targets += prediction.targets(batch).length;
            tokens += prediction.tokens(batch);
        }
        double loss = 0;
        for (B batch : batches) {
            loss += backward(model, batch, targets);
            gradients.collect();
        }
        return new StepReport(loss / Math.max(1, targets), tokens, Map.of());
    }

    private double backward(M model, B batch, long targetsOfStep) {
        int[] targets = prediction.targets(batch);
        if (targets.length == 0) return 0;
        float derivative = -1f / targetsOfStep;
        try (Tape tape = Tape.open()) {
            Tensor leaf = tape.cut(prediction.headInput(model, batch)); // [N, D]
            float[] logProbabilities = VocabularyLoss.backward(
                    leaf,
                    prediction.head(model),
                    targets,
                    1,
                    (from, to, logs, derivatives) -> Arrays.fill(derivatives, from, to, derivative));
            tape.backward();
            return negativeSum(logProbabilities);
        }
    }

    @Override
    public Map<String, Double> evaluate(M model) {
        if (validation.isEmpty()) return Map.of();
        double sum = 0;
        long count = 0;
        for (B batch : validation) {
            int[] targets = prediction.targets(batch);
            try (Scope scope = Scope.open();
                    var off = Autograd.off()) {
                Tensor input = prediction.headInput(model, batch);
                sum += negativeSum(VocabularyLoss.logProbabilities(input, prediction.head(model), targets, 1));
                count += targets.length;
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
        return JSON.createObjectNode()
                .set("data", JSON.valueToTree(training.cursor().get()));
    }

    @Override
    public void restore(JsonNode state) {
        try {
            training.seek().accept(JSON.treeToValue(state.path("data"), Cursor.class));
        } catch (JsonProcessingException e) {
            throw new InputException("The checkpoint's data cursor is malformed: " + e.getOriginalMessage(), e);
        }
    }
}
