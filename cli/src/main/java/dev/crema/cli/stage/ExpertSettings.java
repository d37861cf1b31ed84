package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec.SharedExpert;
import dev.crema.model.RoutingSpec;
import dev.crema.model.checkpoint.Family;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * The experts of a model from scratch, in the families that have them.
 *
 * @param width of an expert; 0 parts the width of the feed-forward part among the active ones
 * @param shared width of what all tokens go through besides
 * @param denseLayers first layers without experts
 * @param capacity of an expert, as a multiple of its even share; 0 drops nothing
 * @param balance weight of the loss that evens the load of the experts out
 */
record ExpertSettings(
        @Default("8") int count,
        @Default("2") int active,
        @Default("0") int width,
        @Default("0") int shared,
        @Default("0") int denseLayers,
        @Default("0") double capacity,
        @Default("0.01") double balance) {
    ExpertSettings {
        Check.atLeast("count", count, 1);
        Check.atLeast("active", active, 1);
        Check.that(active <= count, "active", active, "at most count, " + count);
        Check.atLeast("width", width, 0);
        Check.atLeast("shared", shared, 0);
        Check.atLeast("denseLayers", denseLayers, 0);
        Check.that(capacity >= 0, "capacity", capacity, "at least 0");
        Check.that(balance >= 0, "balance", balance, "at least 0");
    }

    static boolean has(Family family) {
        return switch (family) {
            case MIXTRAL, QWEN2_MOE, QWEN3_MOE, DEEPSEEK_V2, DEEPSEEK_V3 -> true;
            default -> false;
        };
    }

    /** Returns the feed-forward parts of a model whose dense ones are as given. */
    FeedForwardSpec spec(Family family, int layers, FeedForwardSpec.Gated dense) {
        boolean single = family == Family.MIXTRAL;
        Check.that(shared == 0 || !single && family != Family.QWEN3_MOE, "shared", shared, "0 in this family");
        Check.that(denseLayers == 0 || !single, "denseLayers", denseLayers, "0 in this family");
        Check.that(denseLayers < layers, "denseLayers", denseLayers, "less than layers, " + layers);
        int wide = width == 0 ? Math.max(1, dense.width() / active) : width;
        FeedForwardSpec.Part experts = new FeedForwardSpec.Experts(wide, routing(family), shared(family, wide));
        if (denseLayers == 0) return experts;
        List<FeedForwardSpec.Part> parts = Stream.concat(
                        Collections.<FeedForwardSpec.Part>nCopies(denseLayers, dense).stream(),
                        Collections.nCopies(layers - denseLayers, experts).stream())
                .toList();
        return new FeedForwardSpec.ByLayer(parts);
    }

    private SharedExpert shared(Family family, int wide) {
        if (family == Family.QWEN2_MOE) return new SharedExpert.Gated(shared == 0 ? wide : shared);
        if (shared == 0) return new SharedExpert.None();
        // The families' files count shared experts, each as wide as the others.
        Check.that(shared % wide == 0, "shared", shared, "a multiple of an expert's width, " + wide);
        return new SharedExpert.Added(shared);
    }

    private RoutingSpec routing(Family family) {
        RoutingSpec.Capacity limit =
                capacity == 0 ? new RoutingSpec.Capacity.Dropless() : new RoutingSpec.Capacity.Factor(capacity);
        boolean sigmoid = family == Family.DEEPSEEK_V3;
        return new RoutingSpec(
                count,
                active,
                sigmoid ? RoutingSpec.Score.SIGMOID : RoutingSpec.Score.SOFTMAX,
                sigmoid
                        ? new RoutingSpec.Groups.Limited(1, 1, RoutingSpec.GroupScore.TWO_BEST)
                        : new RoutingSpec.Groups.All(),
                sigmoid,
                family != Family.DEEPSEEK_V2,
                1,
                limit);
    }
}
