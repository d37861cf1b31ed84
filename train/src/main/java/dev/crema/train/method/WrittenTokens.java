package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.data.PairBatch;
import dev.crema.model.Encoded;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.EncoderInput;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.tensor.VocabularyHead;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What an encoder-decoder predicts: each token of the second text of a pair, after those before it. */
record WrittenTokens() implements Prediction<EncoderDecoder, PairBatch> {
    @Override
    public int[] targets(PairBatch batch) {
        return Arrays.stream(batch.targets())
                .filter(target -> target != Batch.NO_LOSS)
                .toArray();
    }

    @Override
    public long tokens(PairBatch batch) {
        return batch.tokens();
    }

    @Override
    public Tensor headInput(EncoderDecoder model, PairBatch batch) {
        Encoded encoded = model.encode(inputs(model, batch));
        return headInput(model, batch, model.decode(decoderIds(model, batch), encoded));
    }

    @Override
    public Step<EncoderDecoder, PairBatch> step(PassPlan plan) {
        return (model, batch, dropout, tape) -> {
            Encoded encoded = model.encode(inputs(model, batch), plan.activations(), dropout, tape);
            Tensor hidden = model.decode( // [B, T, D]
                    decoderIds(model, batch), encoded, plan.activations(), dropout, tape);
            return new Taught(headInput(model, batch, hidden));
        };
    }

    private static EncoderInput inputs(EncoderDecoder model, PairBatch batch) {
        List<int[]> texts = IntStream.range(0, batch.rows())
                .mapToObj(row -> Arrays.copyOfRange(
                        batch.inputs(),
                        row * batch.inputColumns(),
                        row * batch.inputColumns() + batch.inputLengths()[row]))
                .toList();
        return EncoderInput.of(texts, model.device());
    }

    private static Tensor decoderIds(EncoderDecoder model, PairBatch batch) {
        return Tensors.of(batch.decoderIds(), batch.rows(), batch.columns()).to(model.device());
    }

    private static Tensor headInput(EncoderDecoder model, PairBatch batch, Tensor hidden) {
        int[] places = IntStream.range(0, batch.targets().length)
                .filter(i -> batch.targets()[i] != Batch.NO_LOSS)
                .toArray();
        return model.headInput(ModelBatch.at(ModelBatch.rows(hidden), places)); // [N, D]
    }

    @Override
    public VocabularyHead head(EncoderDecoder model) {
        return new VocabularyHead(model.head());
    }
}
