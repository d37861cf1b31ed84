package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.PackedMatrix;
import dev.crema.tensor.Tensor;

/** A projection {@code [..., I] -> [..., O]}. */
sealed interface Linear {
    Tensor apply(Tensor x);

    /** The same, in FP32 where the sums can be had without rounding. */
    default Tensor unrounded(Tensor x) {
        return apply(x);
    }

    /** Adds what it makes of {@code x} to {@code stream [..., O]}, which stays as it is. */
    default Tensor added(Tensor x, Tensor stream) {
        return stream.add(apply(x));
    }

    static Linear of(Weights weights, String name) {
        Tensor weight = weights.get(name + ".weight");
        boolean biased = weights.has(name + ".bias");
        return switch (weights.form(name, PackedMatrix.After.NOTHING)) {
            case Weights.Form.Plain plain ->
                biased ? new Biased(weight, weights.get(name + ".bias")) : new Plain(weight);
            case Weights.Form.Packed(PackedMatrix matrix) -> new Packed(matrix);
        };
    }

    record Plain(Tensor weight) implements Linear {
        @Override
        public Tensor apply(Tensor x) {
            return Functions.linear(x, weight);
        }

        @Override
        public Tensor unrounded(Tensor x) {
            return Functions.linearUnrounded(x, weight);
        }
    }

    /** With its bias, if it has one. */
    record Packed(PackedMatrix weight) implements Linear {
        @Override
        public Tensor apply(Tensor x) {
            return weight.product(x);
        }

        @Override
        public Tensor added(Tensor x, Tensor stream) {
            return weight.added(x, stream);
        }
    }

    record Biased(Tensor weight, Tensor bias) implements Linear {
        @Override
        public Tensor apply(Tensor x) {
            return Functions.linear(x, weight, bias);
        }
    }
}
