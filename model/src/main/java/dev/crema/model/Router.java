package dev.crema.model;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;

/**
 * Picks experts for tokens and weighs them, in fp32 whatever the type of the model.
 *
 * <p>Scores are the softmax or the sigmoids of the logits {@code W x}. The choice is by score plus correction, within the
 * best groups where those limit it; the weights of the chosen are their scores without the correction, normalised and
 * scaled. The choice has no gradient, the weights have one. (Shazeer et al., 2017; "DeepSeek-V2", 2024; "DeepSeek-V3",
 * 2024.)
 */
record Router(RoutingSpec spec, Tensor weight, Correction correction) {
    /** Takes an expert out of the choice; finite, so that a sum with it is a number. */
    private static final double HIDDEN = 1e30;

    static Router of(RoutingSpec spec, Weights weights, String name) {
        Correction correction =
                spec.correction() ? new Correction.Added(weights.get(name + ".correction")) : new Correction.None();
        return new Router(spec, weights.get(name + ".weight"), correction);
    }

    /** What is added to the scores for the choice. */
    sealed interface Correction {
        record None() implements Correction {}

        /** One addend for each expert. */
        record Added(Tensor addend) implements Correction {}
    }

    /**
     * What was decided for N tokens.
     *
     * @param choices {@code [N, K]} experts, the best first
     * @param weights {@code [N, K]} FP32
     */
    record Decision(long[] choices, Tensor weights) {}

    /** Returns {@code [N, E]} FP32 for {@code x [N, D]}. */
    Tensor logits(Tensor x) {
        return Functions.linear(x.to(DType.FP32), weight.to(DType.FP32));
    }

    /** Decides by logits {@code [N, E]}. */
    Decision decide(Tensor logits) {
        Tensor scores = scores(logits);
        Tensor indices; // [N, K]
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor preference = scores.detach();
            if (correction instanceof Correction.Added(Tensor addend)) {
                preference = preference.add(addend.detach().to(DType.FP32));
            }
            if (spec.groups() instanceof RoutingSpec.Groups.Limited limited) preference = within(limited, preference);
            indices = scope.keep(preference.topK(spec.active(), 1).indices());
        }
        Tensor weights = scores.gather(1, indices); // [N, K]
        if (spec.normalised()) weights = weights.div(weights.sum(1, true).add(1e-20));
        if (spec.scale() != 1) weights = weights.mul(spec.scale());
        return new Decision(indices.toLongs(), weights);
    }

    private Tensor scores(Tensor logits) {
        return switch (spec.score()) {
            case SOFTMAX -> Functions.softmax(logits, 1);
            case SIGMOID -> Functions.sigmoid(logits);
        };
    }

    /** Hides the experts outside of each token's best groups. */
    private Tensor within(RoutingSpec.Groups.Limited limited, Tensor preference) {
        long tokens = preference.size(0), size = spec.experts() / limited.groups();
        Tensor grouped = preference.reshape(tokens, limited.groups(), size); // [N, G, E/G]
        Tensor groupScores = switch (limited.score()) { // [N, G]
            case BEST -> grouped.max(2, false);
            case TWO_BEST -> grouped.topK(2, 2).values().sum(2, false);
        };
        Tensor kept = groupScores.topK(limited.kept(), 1).indices();
        Tensor one = Tensors.full(1, DType.FP32, preference.device(), 1).expand(kept.shape());
        Tensor open = Tensors.zerosLike(groupScores).scatterAddInPlace(1, kept, one); // 1 for a kept group, else 0
        return grouped.add(open.add(-1).mul(HIDDEN).unsqueeze(2)).reshape(tokens, spec.experts());
    }
}
