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
            case DEEPSEEK_V2, DEEPSEEK_V3 -> deepSeek(json, family, dense);
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
                ArchConfigChecks.layers(json),
                dense,
                experts,
                layer -> without.contains(layer) || (layer + 1) % step != 0);
    }

    private static FeedForwardSpec deepSeek(ConfigJson json, Family family, Gated dense) {
        boolean third = family == Family.DEEPSEEK_V3;
        json.require(dense.activation() == Activation.SILU, "hidden_act");
        json.require(
                json.text("scoring_func", third ? "sigmoid" : "softmax").equals(third ? "sigmoid" : "softmax"),
                "scoring_func");
        int width = json.integer("moe_intermediate_size"), shared = json.integer("n_shared_experts", third ? 1 : 2);
        boolean normalised = json.flag("norm_topk_prob", third);
        // DeepSeek's own code and transformers differ in what it means there, and no published model has it.
        json.require(third || !normalised, "norm_topk_prob");
        RoutingSpec routing = new RoutingSpec(
                json.integer("n_routed_experts"),
                json.integer("num_experts_per_tok"),
                third ? RoutingSpec.Score.SIGMOID : RoutingSpec.Score.SOFTMAX,
                groups(json, third),
                third,
                normalised,
                json.number("routed_scaling_factor", third ? 2.5 : 1),
                new RoutingSpec.Capacity.Dropless());
        Experts experts = new Experts(
                width, routing, shared == 0 ? new SharedExpert.None() : new SharedExpert.Added(shared * width));
        int first = json.integer("first_k_dense_replace", third ? 3 : 0);
        int layers = ArchConfigChecks.layers(json);
        json.require(first < layers, "first_k_dense_replace");
        return byLayer(layers, dense, experts, layer -> layer < first);
    }

    private static RoutingSpec.Groups groups(ConfigJson json, boolean third) {
        String method = json.text("topk_method", third ? "noaux_tc" : "greedy");
        int groups = json.integer("n_group", third ? 8 : 1), kept = json.integer("topk_group", third ? 4 : 1);
        json.require(
                method.equals(third ? "noaux_tc" : "greedy") || !third && method.equals("group_limited_greedy"),
                "topk_method");
        if (method.equals("greedy")) return new RoutingSpec.Groups.All();
        return new RoutingSpec.Groups.Limited(
                groups, kept, third ? RoutingSpec.GroupScore.TWO_BEST : RoutingSpec.GroupScore.BEST);
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
        if (family == Family.DEEPSEEK_V2 || family == Family.DEEPSEEK_V3) {
            writeDeepSeek(json, family, config, experts);
            return;
        }
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

    private static void writeDeepSeek(ObjectNode json, Family family, ArchConfig config, Experts experts) {
        RoutingSpec routing = experts.routing();
        int shared = experts.shared() instanceof SharedExpert.Added(int width) ? width / experts.width() : 0;
        json.put("n_routed_experts", routing.experts());
        json.put("n_shared_experts", shared);
        json.put("moe_intermediate_size", experts.width());
        json.put("norm_topk_prob", routing.normalised());
        json.put("routed_scaling_factor", routing.scale());
        json.put(
                "first_k_dense_replace",
                IntStream.range(0, config.layers())
                        .filter(layer -> config.feedForward().at(layer) instanceof Gated)
                        .count());
        if (routing.groups() instanceof RoutingSpec.Groups.Limited(int groups, int kept, RoutingSpec.GroupScore by)) {
            json.put("n_group", groups).put("topk_group", kept);
        }
        if (family == Family.DEEPSEEK_V2) {
            boolean limited = routing.groups() instanceof RoutingSpec.Groups.Limited;
            json.put("topk_method", limited ? "group_limited_greedy" : "greedy");
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
