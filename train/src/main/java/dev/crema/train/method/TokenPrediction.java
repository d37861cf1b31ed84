package dev.crema.train.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.data.Batch;
import dev.crema.data.BatchSource;
import dev.crema.data.Cursor;
import dev.crema.data.PairBatch;
import dev.crema.data.PairSource;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Learns to predict tokens: the next one (GPT), hidden ones (BERT), or a text about another (T5).
 *
 * <p>The loss is the cross-entropy {@code -Σ log p(target) / N}. Pretraining and supervised fine-tuning are both this; they
 * differ by the data, and by which tokens bear loss. The mean is over the targets of the whole step, so that it does not
 * matter how a step is cut into backward passes.
 */
public final class TokenPrediction<M extends Model, B> implements Method<M> {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Prediction<M, B> prediction;
    private final Data<B> training;
    private final List<B> validation;
    private final PassPlan plan;

    /** Batches without end, and their place. */
    private record Data<B>(Supplier<B> next, Supplier<Cursor> cursor, Consumer<Cursor> seek) {
        static Data<Batch> of(BatchSource source) {
            return new Data<>(source::next, source::cursor, source::seek);
        }
    }

    private TokenPrediction(Prediction<M, B> prediction, Data<B> training, List<B> validation, PassPlan plan) {
        this.prediction = prediction;
        this.training = training;
        this.validation = List.copyOf(validation);
        this.plan = plan;
    }

    /**
     * Teaches a decoder to predict the next token.
     *
     * @param validation batches to measure on; may be empty
     */
    public static TokenPrediction<Decoder, Batch> next(BatchSource training, List<Batch> validation, PassPlan plan) {
        return next(training, validation, plan, Auxiliary.NONE);
    }

    /** @param auxiliary what it learns besides */
    public static TokenPrediction<Decoder, Batch> next(
            BatchSource training, List<Batch> validation, PassPlan plan, Auxiliary auxiliary) {
        return new TokenPrediction<>(new NextTokens(auxiliary), Data.of(training), validation, plan);
    }

    /**
     * Teaches a masked language model to find hidden tokens.
     *
     * @param validation batches to measure on; may be empty
     */
    public static TokenPrediction<Encoder, Batch> hidden(BatchSource training, List<Batch> validation, PassPlan plan) {
        return new TokenPrediction<>(new HiddenTokens(), Data.of(training), validation, plan);
    }

    /**
     * Teaches an encoder-decoder to write the second text of each pair, of which it sees what precedes each token.
     *
     * @param validation batches to measure on; may be empty
     */
    public static TokenPrediction<EncoderDecoder, PairBatch> pairs(
            PairSource training, List<PairBatch> validation, PassPlan plan) {
        Data<PairBatch> data = new Data<>(training::next, training::cursor, training::seek);
        return new TokenPrediction<>(new WrittenTokens(), data, validation, plan);
    }

    @Override
    public StepReport accumulate(M model, Gradients gradients, long number) {
        List<B> batches = new ArrayList<>();
        long targets = 0, tokens = 0;
        while (batches.size() < plan.backwardPasses()) {
            B batch = training.next().get();
            batches.add(batch);
            targets += prediction.targets(batch).length;
            tokens += prediction.tokens(batch);
        }
        Prediction.Step<M, B> step = prediction.step(plan);
        double loss = 0;
        Map<String, Double> further = new TreeMap<>();
        for (int pass = 0; pass < batches.size(); pass++) {
            loss += backward(step, model, batches.get(pass), plan.dropout(number, pass), targets, further);
            gradients.collect();
        }
        further.putAll(step.figures());
        return new StepReport(loss / Math.max(1, targets), tokens, further, () -> step.taken(model));
    }

    private double backward(
            Prediction.Step<M, B> step,
            M model,
            B batch,
            Dropout dropout,
            long targetsOfStep,
            Map<String, Double> further) {
        int[] targets = prediction.targets(batch);
        if (targets.length == 0) return 0;
        try (Tape tape = Tape.open()) {
            Prediction.Taught taught = step.taught(model, batch, dropout, tape);
            HeadRows rows = HeadRows.of(taught, targets, targetsOfStep);
            float[] logProbabilities = VocabularyLoss.backward(
                    tape.cut(rows.input()),
                    prediction.head(model),
                    rows.targets(),
                    1,
                    (from, to, logs, derivatives) ->
                            System.arraycopy(rows.derivatives(), from, derivatives, from, to - from));
            tape.backward();
            step.passed();
            int at = targets.length;
            for (Prediction.Taught.Beside beside : taught.beside()) {
                double sum = negativeSum(logProbabilities, at, at += beside.targets().length);
                further.merge(beside.name(), beside.share() * sum / targetsOfStep, Double::sum);
            }
            return negativeSum(logProbabilities, 0, targets.length);
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
                float[] logs = VocabularyLoss.logProbabilities(input, prediction.head(model), targets, 1);
                sum += negativeSum(logs, 0, logs.length);
                count += targets.length;
            }
        }
        double loss = sum / Math.max(1, count);
        return Map.of("val_loss", loss, "val_perplexity", Math.exp(loss));
    }

    private static double negativeSum(float[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) sum -= values[i];
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
