package dev.crema.model;

import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Tensor;

/** What each token does on its own: {@code [B, T, D] -> [B, T, D]}. */
sealed interface FeedForward {
    Tensor apply(Tensor x);

    static FeedForward of(FeedForwardSpec spec, Weights weights, String name) {
        Linear input = Linear.of(weights, name + ".input");
        Linear output = Linear.of(weights, name + ".output");
        return switch (spec) {
            case FeedForwardSpec.Plain plain -> new Plain(input, plain.activation(), output);
            case FeedForwardSpec.Gated gated -> new Gated(input, gated.width(), gated.activation(), output);
        };
    }

    /** {@code W₂ f(W₁ x)}. */
    record Plain(Linear input, Activation activation, Linear output) implements FeedForward {
        @Override
        public Tensor apply(Tensor x) {
            return output.apply(activate(activation, input.apply(x)));
        }
    }

    /** {@code W₃ (f(W₁ x) ∘ W₂ x)}; W₁ and W₂ are the halves of one matrix. */
    record Gated(Linear input, long width, Activation activation, Linear output) implements FeedForward {
        @Override
        public Tensor apply(Tensor x) {
            Tensor both = input.apply(x); // [B, T, 2 F]
            if (activation == Activation.SILU) return output.apply(Functions.swiGlu(both));
            Tensor gate = both.narrow(-1, 0, width); // [B, T, F]
            Tensor up = both.narrow(-1, width, width); // [B, T, F]
            return output.apply(activate(activation, gate).mul(up));
        }
    }

    /** Applies an activation by itself. */
    static Tensor activate(Activation activation, Tensor x) {
        return switch (activation) {
            case GELU -> Functions.gelu(x);
            case GELU_TANH -> Functions.geluTanh(x);
            case SILU -> Functions.silu(x);
            case RELU -> Functions.relu(x);
        };
    }
}
