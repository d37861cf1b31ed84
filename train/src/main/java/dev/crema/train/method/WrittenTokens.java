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
        List<int[]> texts = IntStream.range(0, batch.rows())
                .mapToObj(row -> Arrays.copyOfRange(
                        batch.inputs(),
                        row * batch.inputColumns(),
                        row * batch.inputColumns() + batch.inputLengths()[row]))
                .toList();
        Encoded encoded = model.encode(EncoderInput.of(texts, model.device()));
        Tensor ids =
                Tensors.of(batch.decoderIds(), batch.rows(), batch.columns()).to(model.device());
        Tensor hidden = model.decode(ids, encoded).reshape((long) batch.rows() * batch.columns(), -1); // [B T, D]
        int[] places = IntStream.range(0, batch.targets().length)
                .filter(i -> batch.targets()[i] != Batch.NO_LOSS)
                .toArray();
        return model.headInput(ModelBatch.at(hidden, places));
    }

    @Override
    public Step<EncoderDecoder, PairBatch> step(int passes) {
        return (model, batch) -> new Taught(headInput(model, batch));
    }

    @Override
    public VocabularyHead head(EncoderDecoder model) {
        return new VocabularyHead(model.head());
    }
}
