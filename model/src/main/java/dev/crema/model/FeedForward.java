package dev.crema.model;

import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.tensor.Dispatch;
import dev.crema.tensor.Functions;
import dev.crema.tensor.PackedMatrix;
import dev.crema.tensor.Tensor;

/** What each token does on its own: {@code [B, T, D] -> [B, T, D]}, in a decoder added to the residual stream. */
sealed interface FeedForward {
    Tensor apply(Tensor x, Pass pass, int layer, ResidualSum sum);

    static FeedForward of(FeedForwardSpec.Part spec, Weights weights, String name) {
        return switch (spec) {
            case FeedForwardSpec.Dense dense -> dense(dense, weights, name);
            case FeedForwardSpec.Experts experts -> Experts.of(experts, weights, name);
        };
    }

    static Dense dense(FeedForwardSpec.Dense spec, Weights weights, String name) {
        Linear output = Linear.of(weights, name + ".output");
        return switch (spec) {
            case FeedForwardSpec.Plain plain -> {
                Linear input = Linear.of(weights, name + ".input");
                yield plain.activation() == Activation.GELU_TANH
                                && input instanceof Linear.Biased up
                                && output instanceof Linear.Biased down
                        ? new PlainGelu(up, down)
                        : new Plain(input, plain.activation(), output);
            }
            case FeedForwardSpec.Gated gated -> {
                Gate gate = Gate.of(weights, name + ".input", gated.activation());
                yield gate instanceof Gate.SwiGlu(Linear.Plain(Tensor input))
                                && output instanceof Linear.Plain(Tensor weight)
                        ? new GatedSilu(input, weight)
                        : new Gated(gate, output);
            }
        };
    }

    /** The same for all tokens, whatever layer they are in. */
    sealed interface Dense extends FeedForward {
        Tensor apply(Tensor x);

        @Override
        default Tensor apply(Tensor x, Pass pass, int layer, ResidualSum sum) {
            return sum.of(apply(x));
        }
    }

    /** One whose last projection can add to the residual stream by itself. */
    sealed interface Projected extends Dense {
        /** Computes {@code [..., D] -> [..., F]}. */
        Tensor inner(Tensor x);

        /** Projects {@code [..., F] -> [..., D]}. */
        Linear output();

        @Override
        default Tensor apply(Tensor x) {
            return output().apply(inner(x));
        }

        @Override
        default Tensor apply(Tensor x, Pass pass, int layer, ResidualSum sum) {
            return sum.of(output(), inner(x));
        }
    }

    /** {@code W₂ f(W₁ x)}. */
    record Plain(Linear input, Activation activation, Linear output) implements Projected {
        @Override
        public Tensor inner(Tensor x) {
            return activate(activation, input.apply(x));
        }
    }

    /** The same with GELU by the hyperbolic tangent, as one function. */
    record PlainGelu(Linear.Biased up, Linear.Biased down) implements Dense {
        @Override
        public Tensor apply(Tensor x) {
            return Functions.geluFeedForward(x, up.weight(), up.bias(), down.weight(), down.bias());
        }
    }

    /** {@code W₃ (f(W₁ x) ∘ W₂ x)}. */
    record Gated(Gate gate, Linear output) implements Projected {
        @Override
        public Tensor inner(Tensor x) {
            return gate.apply(x);
        }
    }

    /** The same with SiLU and without biases, as one function. */
    record GatedSilu(Tensor input, Tensor output) implements Dense {
        @Override
        public Tensor apply(Tensor x) {
            return Functions.swiGluFeedForward(x, input, output);
        }
    }

    /** {@code f(W₁ x) ∘ W₂ x}, {@code [..., D] -> [..., F]}; W₁ and W₂ are the halves of one matrix. */
    sealed interface Gate {
        Tensor apply(Tensor x);

        static Gate of(Weights weights, String name, Activation activation) {
            if (activation != Activation.SILU) return new Activated(Linear.of(weights, name), activation);
            return switch (weights.form(name, PackedMatrix.After.SWIGLU)) {
                case Weights.Form.Plain plain -> new SwiGlu(Linear.of(weights, name));
                case Weights.Form.Packed(PackedMatrix matrix) -> new PackedSwiGlu(matrix);
            };
        }

        record Activated(Linear input, Activation activation) implements Gate {
            @Override
            public Tensor apply(Tensor x) {
                Tensor both = input.apply(x); // [..., 2 F]
                long width = both.size(-1) / 2;
                return activate(activation, both.narrow(-1, 0, width)).mul(both.narrow(-1, width, width));
            }
        }

        record SwiGlu(Linear input) implements Gate {
            @Override
            public Tensor apply(Tensor x) {
                return Functions.swiGlu(input.apply(x));
            }
        }

        record PackedSwiGlu(PackedMatrix input) implements Gate {
            @Override
            public Tensor apply(Tensor x) {
                return input.product(x);
            }
        }
    }

    /**
     * A mixture of experts: each token goes through the K that its router picks, and through what all tokens share.
     *
     * @param input {@code [E, 2 F, D]}
     * @param output {@code [E, D, F]}
     */
    record Experts(Router router, Tensor input, Tensor output, Shared shared) implements FeedForward {
        static Experts of(FeedForwardSpec.Experts spec, Weights weights, String name) {
            return new Experts(
                    Router.of(spec.routing(), weights, name + ".router"),
                    weights.get(name + ".experts.input.weight"),
                    weights.get(name + ".experts.output.weight"),
                    Shared.of(spec.shared(), weights, name));
        }

        @Override
        public Tensor apply(Tensor x, Pass pass, int layer, ResidualSum sum) {
            Tensor rows = x.reshape(-1, x.size(2)); // [B T, D]
            Tensor logits = pass.observed(layer, router.spec(), router.logits(rows)); // [B T, E]
            Router.Decision decision = router.decide(logits);
            pass.chosen(layer, decision.choices());
            RoutingSpec spec = router.spec();
            Dispatch dispatch =
                    Dispatch.of(decision.choices(), spec.active(), spec.experts(), spec.capacity(rows.size(0)));
            Tensor mixed = Functions.experts(rows, decision.weights(), dispatch, input, output); // [B T, D]
            return sum.of(shared.add(x, mixed.reshape(x.shape())));
        }
    }

    /** What all tokens go through beside the experts that they choose. */
    sealed interface Shared {
        /** Adds it to what the chosen experts made of {@code x}. */
        Tensor add(Tensor x, Tensor mixed);

        static Shared of(FeedForwardSpec.SharedExpert spec, Weights weights, String name) {
            return switch (spec) {
                case FeedForwardSpec.SharedExpert.None none -> new None();
                case FeedForwardSpec.SharedExpert.Added(int width) -> new Added(expert(width, weights, name));
                case FeedForwardSpec.SharedExpert.Gated(int width) ->
                    new Weighted(expert(width, weights, name), Linear.of(weights, name + ".sharedGate"));
            };
        }

        private static Dense expert(int width, Weights weights, String name) {
            return dense(new FeedForwardSpec.Gated(width, Activation.SILU, false), weights, name + ".shared");
        }

        record None() implements Shared {
            @Override
            public Tensor add(Tensor x, Tensor mixed) {
                return mixed;
            }
        }

        record Added(Dense expert) implements Shared {
            @Override
            public Tensor add(Tensor x, Tensor mixed) {
                return mixed.add(expert.apply(x));
            }
        }

        /** The token decides how much of it to take (Qwen2-MoE). */
        record Weighted(Dense expert, Linear gate) implements Shared {
            @Override
            public Tensor add(Tensor x, Tensor mixed) {
                return mixed.add(Functions.sigmoid(gate.apply(x)).mul(expert.apply(x)));
            }
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
