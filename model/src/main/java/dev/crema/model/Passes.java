package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.tensor.Functions;
import dev.crema.tensor.HeadCache;
import dev.crema.tensor.SoftCap;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes what the layers need of a forward pass: how tokens are hidden, and by which angles queries and keys turn.
 *
 * <p>Layers of one kind (those that see all tokens, those of a sliding window) share one; a model has one or two kinds.
 */
final class Passes {
    private final ArchConfig config;
    private final AttentionSpec attention;
    private final Map<PositionSpec.Rotary, Rotary> rotaries = new LinkedHashMap<>();

    Passes(ArchConfig config) {
        this.config = config;
        this.attention = config.attention();
        switch (config.position()) {
            case PositionSpec.Learned learned -> {}
            case PositionSpec.Rotary spec -> add(spec);
            case PositionSpec.RotaryByWindow(PositionSpec.Rotary all, PositionSpec.Rotary sliding) -> {
                add(all);
                add(sliding);
            }
        }
    }

    private void add(PositionSpec.Rotary spec) {
        rotaries.put(spec, Rotary.of(spec, attention.rotarySize()));
    }

    /**
     * Returns the pass of each layer.
     *
     * @param positions {@code [B, T]}
     * @param like a tensor where the model is, of its type
     * @param routers whether somebody watches the routers of experts
     */
    List<Pass> of(Visibility visibility, Tensor positions, Tensor like, Pass.Routers routers, Dropout dropout) {
        Map<PositionSpec.Rotary, Pass.Turning> turnings = new LinkedHashMap<>();
        rotaries.forEach((spec, rotary) -> turnings.put(spec, new Pass.Turning.By(rotary.at(positions, visibility))));
        Statistics statistics =
                config.norm() instanceof NormSpec.BatchNorm ? Statistics.of(visibility) : new Statistics.Running();
        Map<Window, Pass> kinds = new LinkedHashMap<>();
        List<Pass> passes = new ArrayList<>(config.layers());
        for (int layer = 0; layer < config.layers(); layer++) {
            Window window = attention.window().of(layer);
            passes.add(kinds.computeIfAbsent(
                    window,
                    kind -> new Pass(
                            visibility,
                            hiding(visibility, kind, positions, like),
                            turning(kind, turnings),
                            routers,
                            dropout,
                            statistics)));
        }
        return passes;
    }

    /** Keeps passes for blocks that run again in the backward pass. */
    static void retain(List<Pass> passes) {
        for (Pass pass : passes.stream().distinct().toList()) {
            if (pass.hiding() instanceof Pass.Hiding.Added(Tensor bias)) Tape.retain(bias);
        }
        for (Statistics statistics :
                passes.stream().map(Pass::statistics).distinct().toList()) {
            if (statistics instanceof Statistics.OfTokens(Tensor places)) Tape.retain(places);
        }
        for (Pass.Turning turning :
                passes.stream().map(Pass::turning).distinct().toList()) {
            if (turning instanceof Pass.Turning.By(Rotary.Angles angles)) Tape.retain(angles.cos(), angles.sin());
        }
    }

    private Pass.Turning turning(Window window, Map<PositionSpec.Rotary, Pass.Turning> turnings) {
        return switch (config.position()) {
            case PositionSpec.Learned learned -> new Pass.Turning.None();
            case PositionSpec.Rotary spec -> turnings.getOrDefault(spec, new Pass.Turning.None());
            case PositionSpec.RotaryByWindow(PositionSpec.Rotary all, PositionSpec.Rotary sliding) ->
                turnings.getOrDefault(window instanceof Window.Last ? sliding : all, new Pass.Turning.None());
        };
    }

    private Pass.Hiding hiding(Visibility visibility, Window window, Tensor positions, Tensor like) {
        long rows = positions.size(0), tokens = positions.size(1);
        // Kernels of our own are for heads of one size.
        boolean plainScores =
                attention.scoreCap() instanceof SoftCap.None && attention instanceof AttentionSpec.GroupedQuery;
        if (visibility instanceof Visibility.Cached(KvCache cache)
                && tokens == 1
                && plainScores
                && HeadCache.attends(like)) {
            return new Pass.Hiding.ByLength(cache, window);
        }
        // What is in a cache already is seen too, so only the first tokens of a cache are rows by themselves.
        boolean rowsAlone = !(visibility instanceof Visibility.Cached(KvCache known)) || known.length() == 0;
        if (rowsAlone && plainScores && Functions.attendsFast(like)) {
            return new Pass.Hiding.Among(visibility.seen((int) rows, (int) tokens, window));
        }
        return new Pass.Hiding.Added(visibility.bias(tokens, window, like.dtype(), like.device()));
    }
}
