package dev.crema.train.method;

import dev.crema.model.Model;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyHead;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a kind of model predicts in a batch.
 *
 * @param <M> the model
 * @param <B> the batch
 */
interface Prediction<M extends Model, B> {
    /** Returns the tokens to be predicted, N of them. */
    int[] targets(B batch);

    /** Counts the tokens that go through the model. */
    long tokens(B batch);

    /** Returns what the head reads for each target: {@code [N, D]}, the innermost scope's. */
    Tensor headInput(M model, B batch);

    /** The same in one of {@code passes} backward passes of a step. */
    Taught taught(M model, B batch, int passes);

    VocabularyHead head(M model);

    /**
     * What the head reads in a backward pass.
     *
     * @param beside what else it reads, and is to give
     * @param further the figures of losses beside the head's, once the pass is over; the passes of a step add up
     */
    record Taught(Tensor headInput, List<Beside> beside, Supplier<Map<String, Double>> further) {
        Taught(Tensor headInput) {
            this(headInput, List.of(), Map::of);
        }

        /**
         * An auxiliary loss of the head: the sum of its cross-entropies over the main loss's number of targets.
         *
         * @param name of the figure that it adds to
         * @param headInput {@code [n, D]}
         * @param targets n tokens
         * @param weight in what the step lowers
         * @param share in the figure
         */
        record Beside(String name, Tensor headInput, int[] targets, double weight, double share) {}
    }
}
