package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Decoder;
import dev.crema.model.RouterTrace;
import dev.crema.model.Visibility;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.Arrays;

/** Runs a batch of token rows through a model. */
final class ModelBatch {
    private ModelBatch() {}

    /** Whether blocks keep their inner results for the backward pass or compute them again. */
    enum Activations {
        KEEP,
        RECOMPUTE
    }

    /** Returns the hidden states of the batch, {@code [B T, D]}; the innermost scope's. */
    static Tensor hiddenStates(Decoder model, Batch batch, Activations activations) {
        return run(model, batch, (ids, positions, visibility) -> switch (activations) {
            case KEEP -> model.hiddenStates(ids, positions, visibility);
            case RECOMPUTE -> model.hiddenStatesCheckpointed(ids, positions, visibility);
        });
    }

    /** The same, with a trace of the routers. */
    static Tensor hiddenStates(Decoder model, Batch batch, Activations activations, RouterTrace trace) {
        return run(model, batch, (ids, positions, visibility) -> switch (activations) {
            case KEEP -> model.hiddenStates(ids, positions, visibility, trace);
            case RECOMPUTE -> model.hiddenStatesCheckpointed(ids, positions, visibility, trace);
        });
    }

    @FunctionalInterface
    private interface Forward {
        Tensor run(Tensor ids, Tensor positions, Visibility visibility);
    }

    private static Tensor run(Decoder model, Batch batch, Forward forward) {
        int rows = batch.rows(), columns = batch.columns();
        Tensor ids = Tensors.of(batch.ids(), rows, columns).to(model.device()); // [B, T]
        Tensor positions = Tensors.of(batch.positions(), rows, columns).to(model.device());
        Tensor hidden = forward.run(ids, positions, visibility(model, batch)); // [B, T, D]
        return hidden.reshape((long) rows * columns, -1);
    }

    /** Returns 1 for each token of the batch that belongs to a document, 0 for padding. */
    static float[] inDocuments(Batch batch) {
        float[] counted = new float[batch.documents().length];
        for (int i = 0; i < counted.length; i++) counted[i] = batch.documents()[i] < 0 ? 0 : 1;
        return counted;
    }

    private static Visibility visibility(Decoder model, Batch batch) {
        if (Arrays.stream(batch.documents()).allMatch(document -> document == 0)) return new Visibility.Causal();
        return new Visibility.Documents(
                Tensors.of(batch.documents(), batch.rows(), batch.columns()).to(model.device()));
    }

    /** Returns the places in {@code [0, B T)} that bear loss. */
    static int[] lossPlaces(Batch batch) {
        int[] places = new int[batch.targets().length];
        int count = 0;
        for (int i = 0; i < places.length; i++) if (batch.targets()[i] != Batch.NO_LOSS) places[count++] = i;
        return Arrays.copyOf(places, count);
    }

    /** Picks the rows of hidden states at these places; all of them are no copy. */
    static Tensor at(Tensor hiddenStates, int[] places) {
        if (places.length == hiddenStates.size(0)) return hiddenStates;
        return hiddenStates.indexSelect(0, Tensors.of(places, places.length).to(hiddenStates.device()));
    }

    /** Returns the targets at these places. */
    static int[] targets(Batch batch, int[] places) {
        return Arrays.stream(places).map(place -> batch.targets()[place]).toArray();
    }
}
