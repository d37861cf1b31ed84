package dev.crema.train.method;

import dev.crema.model.Model;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyHead;

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
}
