package dev.crema.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.model.Model;
import java.util.Map;

/**
 * A way of learning: it says what the gradients of a step are. The {@link Trainer} does the rest, the same for all.
 *
 * @param <M> the kind of model that it teaches
 */
public interface Method<M extends Model> {
    /**
     * Runs the forward and backward passes of one step on the model.
     *
     * @param gradients is told after each backward pass, and takes what the weights have collected
     */
    StepReport accumulate(M model, Gradients gradients, long step);

    /** Measures the model on what it does not train on; empty if there is nothing to measure on. */
    Map<String, Double> evaluate(M model);

    /** Returns all that decides the steps to come (data cursor, random state), as JSON. */
    JsonNode state();

    /** Goes on from a state, so that the steps to come are those that would have come. */
    void restore(JsonNode state);

    /** Takes gradients out of the weights after a backward pass. */
    @FunctionalInterface
    interface Gradients {
        void collect();
    }

    /**
     * What a step measured.
     *
     * @param loss the mean that the step lowers
     * @param tokens tokens that went through the model
     * @param metrics more figures by name
     * @param taken what changes in the model besides, once the step is taken; a step left out changes nothing
     */
    record StepReport(double loss, long tokens, Map<String, Double> metrics, Runnable taken) {
        public StepReport(double loss, long tokens, Map<String, Double> metrics) {
            this(loss, tokens, metrics, () -> {});
        }
    }
}
