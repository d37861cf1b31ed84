package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Decoder;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyHead;

/** What a decoder predicts: each token after those before it. */
record NextTokens(Auxiliary auxiliary) implements Prediction<Decoder, Batch> {
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
        return ModelBatch.at(ModelBatch.hiddenStates(model, batch), ModelBatch.lossPlaces(batch)); // [N, D]
    }

    @Override
    public VocabularyHead head(Decoder model) {
        return model.head();
    }

    @Override
    public Step<Decoder, Batch> step(PassPlan plan) {
        return new NextTokensStep(plan, auxiliary);
    }
}
