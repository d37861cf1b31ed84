package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Decoder;
import dev.crema.model.RouterTrace;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyHead;
import java.util.Map;

/**
 * What a decoder predicts: each token after those before it.
 *
 * @param balance weight of the loss that evens the load of experts out ({@link RouterTrace}); 0 leaves it out
 */
record NextTokens(ModelBatch.Activations activations, double balance) implements Prediction<Decoder, Batch> {
    @Override
    public int[] targets(Batch batch) {
        return ModelBatch.targets(batch, ModelBatch.lossPlaces(batch));
    }

    @Override
    public long tokens(Batch batch) {
        return batch.tokens();
    }

    @Override
    public Tensor headInput(Decoder model, Batch batch) {
        return atLossPlaces(ModelBatch.hiddenStates(model, batch, ModelBatch.Activations.KEEP), batch);
    }

    @Override
    public Taught taught(Decoder model, Batch batch, int passes) {
        if (balance == 0) return new Taught(atLossPlaces(ModelBatch.hiddenStates(model, batch, activations), batch));
        RouterTrace trace = RouterTrace.of(balance / passes, ModelBatch.inDocuments(batch));
        Tensor hidden = ModelBatch.hiddenStates(model, batch, activations, trace);
        return new Taught(atLossPlaces(hidden, batch), () -> Map.of("balance_loss", trace.loss() / passes));
    }

    private static Tensor atLossPlaces(Tensor hidden, Batch batch) {
        return ModelBatch.at(hidden, ModelBatch.lossPlaces(batch)); // [N, D]
    }

    @Override
    public VocabularyHead head(Decoder model) {
        return model.head();
    }
}
