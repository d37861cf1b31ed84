package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderInput;
import dev.crema.tensor.SoftCap;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.tensor.VocabularyHead;
import java.util.Arrays;
import java.util.List;

/** What a masked language model predicts: the tokens that were hidden. */
record HiddenTokens() implements Prediction<Encoder, Batch> {
    @Override
    public int[] targets(Batch batch) {
        return ModelBatch.targets(batch, ModelBatch.lossPlaces(batch));
    }

    @Override
    public long tokens(Batch batch) {
        return batch.tokens();
    }

    @Override
    public Tensor headInput(Encoder model, Batch batch) {
        return predictions(model, batch, model.hiddenStates(input(model, batch)));
    }

    @Override
    public Step<Encoder, Batch> step(PassPlan plan) {
        return (model, batch, dropout, tape) -> {
            Tensor hidden = model.hiddenStates(input(model, batch), plan.activations(), dropout); // [B, T, D]
            return new Taught(predictions(model, batch, hidden));
        };
    }

    private static EncoderInput input(Encoder model, Batch batch) {
        int rows = batch.rows(), columns = batch.columns();
        return new EncoderInput(
                Tensors.of(batch.ids(), rows, columns).to(model.device()),
                Tensors.of(batch.positions(), rows, columns).to(model.device()),
                Tensors.of(new int[rows * columns], rows, columns).to(model.device()),
                Tensors.of(batch.documents(), rows, columns).to(model.device()),
                Arrays.stream(batch.documents()).allMatch(document -> document == 0));
    }

    private static Tensor predictions(Encoder model, Batch batch, Tensor hidden) {
        return model.predictions(ModelBatch.at(ModelBatch.rows(hidden), ModelBatch.lossPlaces(batch)));
    }

    @Override
    public VocabularyHead head(Encoder model) {
        return new VocabularyHead(model.head(), List.of(model.headBias()), new SoftCap.None());
    }
}
