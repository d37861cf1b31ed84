package dev.crema.tensor;

/**
 * What turns hidden states into logits.
 *
 * @param weight {@code [V, D]}
 * @param cap bounds the logits
 */
public record VocabularyHead(Tensor weight, SoftCap cap) {
    /** A head whose logits have no bound. */
    public VocabularyHead(Tensor weight) {
        this(weight, new SoftCap.None());
    }

    /** Returns the logits {@code [N, V]} of hidden states {@code [N, D]}. */
    Tensor logits(Tensor hiddenStates) {
        return cap.apply(Functions.linear(hiddenStates, weight.detach()));
    }
}
