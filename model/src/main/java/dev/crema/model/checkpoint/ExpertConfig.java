package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec.Experts;
import dev.crema.model.ArchConfig.FeedForwardSpec.Gated;
import dev.crema.model.ArchConfig.FeedForwardSpec.Part;
import dev.crema.model.ArchConfig.FeedForwardSpec.SharedExpert;
import dev.crema.model.RoutingSpec;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Translates what {@code config.json} says of a model's experts: how many, how chosen, and in which layers. */
final class ExpertConfig {
    private ExpertConfig() {}

    /**
     * Reads the feed-forward parts of a family.
     *
     * @param dense that of layers without experts
     */
    static FeedForwardSpec read(ConfigJson json, Family family, Gated dense) {
        return switch (family) {
            case MIXTRAL -> experts(json, dense, dense.width(), "num_local_experts", true, new SharedExpert.None());
            case QWEN2_MOE ->
                qwen(json, dense, new SharedExpert.Gated(json.integer("shared_expert_intermediate_size", 5632)));
            case QWEN3_MOE -> qwen(json, dense, new SharedExpert.None());
            default -> dense;
        };
    }

    private static FeedForwardSpec qwen(ConfigJson json, Gated dense, SharedExpert shared) {
        String count = json.has("num_local_experts") ? "num_local_experts" : "num_experts";
        boolean normalised = json.flag("norm_topk_prob", false);
        Experts experts = experts(json, dense, json.integer("moe_intermediate_size"), count, normalised, shared);
        int step = json.integer("decoder_sparse_step", 1);
        json.require(step >= 1, "decoder_sparse_step");
        Set<Integer> without = new TreeSet<>();
        json.node("mlp_only_layers").forEach(layer -> without.add(layer.asInt()));
        return byLayer(
                json.integer("num_hidden_layers"),
                dense,
                experts,
                layer -> without.contains(layer) || (layer + 1) % step != 0);
    }

    private static Experts experts(
            ConfigJson json, Gated dense, int width, String count, boolean normalised, SharedExpert shared) {
        json.require(dense.activation() == Activation.SILU, "hidden_act");
        int active = json.integer("num_experts_per_tok", 2);
        return new Experts(width, RoutingSpec.topK(json.integer(count), active, normalised), shared);
    }

    /** Returns experts in all layers but those that are dense. */
    static FeedForwardSpec byLayer(int layers, Gated dense, Experts experts, IntPredicate isDense) {
        List<Part> parts = IntStream.range(0, layers)
                .mapToObj(layer -> isDense.test(layer) ? (Part) dense : experts)
                .toList();
        return parts.stream().distinct().count() == 1 ? parts.getFirst() : new FeedForwardSpec.ByLayer(parts);
    }

    /** Writes what {@link #read} reads. */
    static void write(ObjectNode json, Family family, ArchConfig config) {
        Optional<Experts> found = experts(config);
        if (found.isEmpty()) return;
        Experts experts = found.get();
        RoutingSpec routing = experts.routing();
        json.put("intermediate_size", dense(config).orElse(experts.width()));
        json.put("num_experts_per_tok", routing.active());
        if (family == Family.MIXTRAL) {
            json.put("num_local_experts", routing.experts());
            return;
        }
        json.put("num_experts", routing.experts());
        json.put("moe_intermediate_size", experts.width());
        json.put("norm_topk_prob", routing.normalised());
        json.put("decoder_sparse_step", 1);
        ArrayNode without = json.putArray("mlp_only_layers");
        for (int layer = 0; layer < config.layers(); layer++) {
            if (config.feedForward().at(layer) instanceof Gated) without.add(layer);
        }
        if (experts.shared() instanceof SharedExpert.Gated(int width)) {
            json.put("shared_expert_intermediate_size", width);
        }
    }

    private static Optional<Experts> experts(ArchConfig config) {
        return IntStream.range(0, config.layers())
                .mapToObj(layer -> config.feedForward().at(layer))
                .filter(Experts.class::isInstance)
                .map(Experts.class::cast)
                .findFirst();
    }

    private static Optional<Integer> dense(ArchConfig config) {
        return IntStream.range(0, config.layers())
                .mapToObj(layer -> config.feedForward().at(layer))
                .filter(Gated.class::isInstance)
                .map(Part::width)
                .findFirst();
    }
}
