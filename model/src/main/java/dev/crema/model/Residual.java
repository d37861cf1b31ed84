package dev.crema.model;

import dev.crema.tensor.Tensor;
import java.util.function.UnaryOperator;

/** The sum of what a part of a layer reads and what it gives, with a norm on one side. */
record Residual(Norm norm, Place place) {
    enum Place {
        /** {@code x + f(norm(x))}: T5, and GPT since its second. */
        BEFORE,
        /** {@code norm(x + f(x))}: the first transformers, BERT. */
        AFTER
    }

    Tensor apply(Tensor x, Dropout dropout, UnaryOperator<Tensor> part) {
        return switch (place) {
            case BEFORE -> x.add(dropout.apply(part.apply(norm.apply(x))));
            case AFTER -> norm.apply(x.add(dropout.apply(part.apply(x))));
        };
    }
}
