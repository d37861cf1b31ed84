package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Tensor;

/** A projection {@code [..., I] -> [..., O]}. */
sealed interface Linear {
    Tensor apply(Tensor x);

    static Linear of(Weights weights, String name) {
        Tensor weight = weights.get(name + ".weight");
        return weights.has(name + ".bias") ? new Biased(weight, weights.get(name + ".bias")) : new Plain(weight);
    }

    record Plain(Tensor weight) implements Linear {
        @Override
        public Tensor apply(Tensor x) {
            return Functions.linear(x, weight);
        }
    }

    record Biased(Tensor weight, Tensor bias) implements Linear {
        @Override
        public Tensor apply(Tensor x) {
            return Functions.linear(x, weight, bias);
        }
    }
}
