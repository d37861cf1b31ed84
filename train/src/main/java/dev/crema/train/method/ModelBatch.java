package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.model.RouterTrace;
import dev.crema.model.TrainingPass;
import dev.crema.model.Visibility;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Runs a batch of token rows through a model. */
final class ModelBatch {
    private ModelBatch() {}

    /** Returns the hidden states of the batch, {@code [B T, D]}; the innermost scope's. */
    static Tensor hiddenStates(Decoder model, Batch batch) {
        return hiddenStates(model, batch, visibility(model, batch));
    }

    /** Returns the hidden states of the batch, whose tokens see what is said, {@code [B T, D]}; the innermost scope's. */
    static Tensor hiddenStates(Decoder model, Batch batch, Visibility visibility) {
        return rows(model.hiddenStates(
                ofTokens(model, batch, batch.ids()), ofTokens(model, batch, batch.positions()), visibility));
    }

    /** Returns how a batch runs in training. */
    static TrainingPass trainingPass(
            Decoder model, Batch batch, Activations activations, Dropout dropout, RouterTrace trace) {
        return new TrainingPass(
                ofTokens(model, batch, batch.positions()), visibility(model, batch), activations, dropout, trace);
    }

    /** Returns a number for each token of the batch, where the model is: {@code [B, T]}. */
    static Tensor ofTokens(Decoder model, Batch batch, int[] numbers) {
        return Tensors.of(numbers, batch.rows(), batch.columns()).to(model.device());
    }

    /** Returns hidden states {@code [B, T, D]} as rows {@code [B T, D]}. */
    static Tensor rows(Tensor hiddenStates) {
        return hiddenStates.reshape(-1, hiddenStates.size(2));
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

    /** Picks the rows of hidden states at these places; all of them in their order are no copy. */
    static Tensor at(Tensor hiddenStates, int[] places) {
        boolean all = places.length == hiddenStates.size(0)
                && IntStream.range(0, places.length).allMatch(i -> places[i] == i);
        if (all) return hiddenStates;
        return hiddenStates.indexSelect(0, Tensors.of(places, places.length).to(hiddenStates.device()));
    }

    /** Returns the targets at these places. */
    static int[] targets(Batch batch, int[] places) {
        return Arrays.stream(places).map(place -> batch.targets()[place]).toArray();
    }
}
