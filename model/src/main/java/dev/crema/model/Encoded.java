package dev.crema.model;

import dev.crema.tensor.Tensor;

/** Texts as an encoder-decoder's encoder leaves them: {@code [B, S, D]}, and what hides their padding. */
public final class Encoded {
    private final Tensor hiddenStates;
    private final MultiHead.Bias bias;

    Encoded(Tensor hiddenStates, MultiHead.Bias bias) {
        this.hiddenStates = hiddenStates;
        this.bias = bias;
    }

    /** Returns {@code [B, S, D]}; what stands in padding means nothing. */
    public Tensor hiddenStates() {
        return hiddenStates;
    }

    /** Returns what hides padding from the decoder: {@code [B, 1, 1, S]}. */
    MultiHead.Bias bias() {
        return bias;
    }
}
