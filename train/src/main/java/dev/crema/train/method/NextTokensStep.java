package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.model.RouterLoads;
import dev.crema.model.RouterTrace;
import dev.crema.model.TrainingPass;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.train.method.Prediction.Step;
import dev.crema.train.method.Prediction.Taught;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A step of next-token prediction, with what a decoder learns besides: further tokens, and an even load of its experts. */
final class NextTokensStep implements Step<Decoder, Batch> {
    private final PassPlan plan;
    private final Auxiliary auxiliary;
    private final RouterLoads loads = new RouterLoads();
    private RouterTrace trace = RouterTrace.of(0, new float[0]);
    private double balanceLoss;

    NextTokensStep(PassPlan plan, Auxiliary auxiliary) {
        this.plan = plan;
        this.auxiliary = auxiliary;
    }

    @Override
    public Taught taught(Decoder model, Batch batch, Dropout dropout, Tape tape) {
        trace = RouterTrace.of(auxiliary.balance() / plan.backwardPasses(), ModelBatch.inDocuments(batch));
        TrainingPass pass = ModelBatch.trainingPass(model, batch, plan.activations(), dropout, trace);
        Tensor hidden = model.hiddenStates(ModelBatch.ofTokens(model, batch, batch.ids()), pass); // [B, T, D]
        Tensor input = ModelBatch.at(ModelBatch.rows(hidden), ModelBatch.lossPlaces(batch)); // [N, D]
        return new Taught(input, ahead(model, batch, hidden, pass));
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

    @Override
    public void passed() {
        balanceLoss += trace.loss() / plan.backwardPasses();
        loads.add(trace);
    }

    @Override
    public Map<String, Double> figures() {
        Map<String, Double> figures = new TreeMap<>();
        if (auxiliary.balance() > 0) figures.put("balance_loss", balanceLoss);
        if (loads.any()) figures.put("expert_load_max", loads.largest());
        return figures;
    }

    @Override
    public void taken(Decoder model) {
        if (auxiliary.routerBiasUpdateRate() > 0) loads.even(model.weights(), auxiliary.routerBiasUpdateRate());
    }
}
