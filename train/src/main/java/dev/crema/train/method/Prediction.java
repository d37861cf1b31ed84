package dev.crema.train.method;

import dev.crema.model.Dropout;
import dev.crema.model.Model;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyHead;
import java.util.List;
import java.util.Map;

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

    VocabularyHead head(M model);

    /** Begins a step. */
    Step<M, B> step(PassPlan plan);

    /** The passes of one step. */
    interface Step<M, B> {
        /**
         * Returns what the head reads in the next pass.
         *
         * @param dropout of the pass
         * @param tape of the pass
         */
        Taught taught(M model, B batch, Dropout dropout, Tape tape);

        /** Is told that the pass has gone back to its beginning. */
        default void passed() {}

        /** Returns figures of all passes beside the head's losses. */
        default Map<String, Double> figures() {
            return Map.of();
        }

        /** Changes in the model what follows from all passes, once the step is taken. */
        default void taken(M model) {}
    }

    /**
     * What the head reads in a backward pass.
     *
     * @param beside what else it reads, and is to give
     */
    record Taught(Tensor headInput, List<Beside> beside) {
        Taught(Tensor headInput) {
            this(headInput, List.of());
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
