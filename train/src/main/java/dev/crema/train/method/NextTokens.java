package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.RouterTrace;
import dev.crema.model.TrainingPass;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.VocabularyHead;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a decoder predicts: each token after those before it; in training those after it too, if the model has layers for it. */
record NextTokens(Activations activations, Auxiliary auxiliary) implements Prediction<Decoder, Batch> {
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
    public Taught taught(Decoder model, Batch batch, int passes) {
        RouterTrace trace = RouterTrace.of(auxiliary.balance() / passes, ModelBatch.inDocuments(batch));
        TrainingPass pass = ModelBatch.trainingPass(model, batch, activations, trace);
        Tensor hidden = model.hiddenStates(ModelBatch.ofTokens(model, batch, batch.ids()), pass); // [B, T, D]
        Tensor input = ModelBatch.at(ModelBatch.rows(hidden), ModelBatch.lossPlaces(batch)); // [N, D]
        return new Taught(input, ahead(model, batch, hidden, pass), () -> figures(trace, passes));
    }

    /** Predicts further ahead, depth by depth, each going on from the one before. */
    private List<Taught.Beside> ahead(Decoder model, Batch batch, Tensor hidden, TrainingPass pass) {
        List<Taught.Beside> result = new ArrayList<>();
        if (auxiliary.multiTokenWeight() == 0) return result;
        int depths = model.config().multiTokenLayers();
        Tensor before = hidden;
        for (int depth = 1; depth <= depths; depth++) {
            LookAhead ahead = LookAhead.of(batch, depth);
            Tensor following = ModelBatch.ofTokens(model, batch, ahead.following());
            before = model.hiddenStatesAhead(depth, before, following, pass); // [B, T, D]
            Tensor input = ModelBatch.at(ModelBatch.rows(before), ahead.places());
            double weight = auxiliary.multiTokenWeight() / depths;
            result.add(new Taught.Beside("multi_token_loss", input, ahead.targets(), weight, 1.0 / depths));
        }
        return result;
    }

    private Map<String, Double> figures(RouterTrace trace, int passes) {
        Map<String, Double> figures = new TreeMap<>();
        if (auxiliary.balance() > 0) figures.put("balance_loss", trace.loss() / passes);
        return figures;
    }

    @Override
    public VocabularyHead head(Decoder model) {
        return model.head();
    }
}
