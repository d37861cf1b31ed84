package dev.crema.tensor;

import java.util.List;

/**
 * What turns hidden states into logits.
 *
 * @param weight {@code [V, D]}
 * @param bias {@code [V]}, or nothing
 * @param cap bounds the logits
 */
public record VocabularyHead(Tensor weight, List<Tensor> bias, SoftCap cap) {
    /** A head without a bias. */
    public VocabularyHead(Tensor weight, SoftCap cap) {
        this(weight, List.of(), cap);
    }

    /** A head whose logits have no bound. */
    public VocabularyHead(Tensor weight) {
        this(weight, new SoftCap.None());
    }

    /** Returns the logits {@code [N, V]} of hidden states {@code [N, D]}. */
    Tensor logits(Tensor hiddenStates) {
        Tensor logits = bias.isEmpty()
                ? Functions.linear(hiddenStates, weight.detach())
                : Functions.linear(
                        hiddenStates, weight.detach(), bias.getFirst().detach());
        return cap.apply(logits);
    }
}
