package dev.crema.model;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.stream.IntStream;

/** By whose mean and variance a batch norm normalises. */
sealed interface Statistics {
    /** Those of the batches of training, as they ran: for inference. */
    record Running() implements Statistics {}

    /** Those of all tokens of the batch. */
    record OfBatch() implements Statistics {}

    /**
     * Those of some tokens of the batch.
     *
     * @param places {@code [n]} INT64 in {@code [0, B T)}
     */
    record OfTokens(Tensor places) implements Statistics {}

    /**
     * Returns whose statistics count in a pass: while operations are recorded, which is while a model learns, those of the
     * batch without its padding; else the running ones, and so always over a cache.
     */
    static Statistics of(Visibility visibility) {
        if (!Autograd.recording()) return new Running();
        return switch (visibility) {
            case Visibility.Causal causal -> new OfBatch();
            case Visibility.Cached cached -> new Running();
            case Visibility.Documents(Tensor documents) -> ofDocuments(documents);
            case Visibility.Branches(Tensor documents, Tensor branches) -> ofDocuments(documents);
        };
    }

    private static Statistics ofDocuments(Tensor documents) {
        long[] document = documents.toLongs();
        long[] counted = IntStream.range(0, document.length)
                .filter(i -> document[i] >= 0)
                .asLongStream()
                .toArray();
        return counted.length == document.length
                ? new OfBatch()
                : new OfTokens(Tensors.of(counted, counted.length).to(documents.device()));
    }
}
