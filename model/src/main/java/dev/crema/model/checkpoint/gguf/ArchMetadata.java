package dev.crema.model.checkpoint.gguf;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec.SharedExpert;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.LatentSpec;
import dev.crema.model.RotaryScaling;
import dev.crema.model.RoutingSpec;
import dev.crema.model.WindowSpec;
import dev.crema.tensor.SoftCap;
import dev.crema.text.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Says with the keys of GGUF what an {@link ArchConfig} says.
 *
 * <p>It says what there are keys for. Whether that is all of the model is seen by reading it back.
 */
final class ArchMetadata {
    private final GgufArchitecture architecture;
    private final ArchConfig config;
    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();

    private ArchMetadata(GgufArchitecture architecture, ArchConfig config) {
        this.architecture = architecture;
        this.config = config;
    }

    static Map<String, GgufValue> of(GgufArchitecture architecture, ArchConfig config) {
        return new ArchMetadata(architecture, config).metadata();
    }

    private Map<String, GgufValue> metadata() {
        whole("block_count", config.layers());
        whole("context_length", config.maxPositions());
        whole("embedding_length", config.hiddenSize());
        whole("attention.head_count", config.attention().heads());
        switch (config.attention()) {
            case AttentionSpec.GroupedQuery attention -> grouped(attention);
            case LatentSpec latent -> latent(latent);
        }
        real(
                config.norm() instanceof NormSpec.LayerNorm
                        ? "attention.layer_norm_epsilon"
                        : "attention.layer_norm_rms_epsilon",
                config.norm().epsilon());
        feedForward();
        switch (config.position()) {
            case PositionSpec.Learned learned -> {}
            case PositionSpec.Rotary rotary -> rotary(rotary);
            case PositionSpec.RotaryByWindow(PositionSpec.Rotary all, PositionSpec.Rotary sliding) -> {
                rotary(all);
                real("rope.freq_base_swa", sliding.theta());
            }
        }
        cap("attn_logit_softcapping", config.attention().scoreCap());
        cap("final_logit_softcapping", config.logitCap());
        whole("vocab_size", config.vocabularySize());
        return metadata;
    }

    private void grouped(AttentionSpec.GroupedQuery attention) {
        if (architecture == GgufArchitecture.GPT2) return;
        whole("attention.head_count_kv", attention.keyValueHeads());
        whole("attention.key_length", attention.headSize());
        whole("attention.value_length", attention.headSize());
        window(attention.window());
    }

    private void window(WindowSpec window) {
        if (window instanceof WindowSpec.Sliding(int size, List<Boolean> slides) && slides.contains(true)) {
            whole("attention.sliding_window", size);
            if (!architecture.gemma()) return;
            int usual = WindowPeriod.usual(architecture == GgufArchitecture.GEMMA2);
            WindowPeriod.find(slides, usual).stream()
                    .filter(period -> period != usual)
                    .forEach(period -> whole("attention.sliding_window_pattern", period));
        } else if (architecture == GgufArchitecture.PHI3) {
            whole("attention.sliding_window", 0); // without the key llama.cpp takes the first models' window
        }
    }

    /** As attention decodes, absorbed: one head of keys and values for all queries; then the sizes of the heads. */
    private void latent(LatentSpec latent) {
        whole("attention.head_count_kv", 1);
        if (latent.queryRank() instanceof LatentSpec.QueryRank.Low(int rank)) whole("attention.q_lora_rank", rank);
        whole("attention.kv_lora_rank", latent.latentSize());
        whole("attention.key_length", latent.cacheWidth());
        whole("attention.value_length", latent.latentSize());
        whole("attention.key_length_mla", latent.querySize());
        whole("attention.value_length_mla", latent.valueSize());
    }

    private void feedForward() {
        List<FeedForwardSpec.Part> parts = IntStream.range(0, config.layers())
                .mapToObj(layer -> config.feedForward().at(layer))
                .toList();
        List<FeedForwardSpec.Experts> experts = parts.stream()
                .filter(FeedForwardSpec.Experts.class::isInstance)
                .map(FeedForwardSpec.Experts.class::cast)
                .toList();
        // The first layers are dense, if any is.
        whole("feed_forward_length", parts.getFirst().width());
        if (experts.isEmpty()) return;
        FeedForwardSpec.Experts spec = experts.getFirst();
        whole("expert_count", spec.routing().experts());
        whole("expert_used_count", spec.routing().active());
        if (architecture == GgufArchitecture.LLAMA) return;
        whole("expert_feed_forward_length", spec.width());
        if (spec.shared() instanceof SharedExpert.Gated(int width)) whole("expert_shared_feed_forward_length", width);
        if (architecture != GgufArchitecture.DEEPSEEK2) return;
        whole("leading_dense_block_count", parts.size() - experts.size());
        whole("expert_shared_count", spec.shared() instanceof SharedExpert.Added(int w) ? w / spec.width() : 0);
        routing(spec.routing());
    }

    private void routing(RoutingSpec routing) {
        real("expert_weights_scale", routing.scale());
        metadata.put(key("expert_weights_norm"), new GgufValue.Flag(routing.normalised()));
        whole(
                "expert_gating_func",
                routing.score() == RoutingSpec.Score.SIGMOID ? GgufDeepSeek.SIGMOID : GgufDeepSeek.SOFTMAX);
        if (routing.groups() instanceof RoutingSpec.Groups.Limited(int groups, int kept, RoutingSpec.GroupScore by)) {
            whole("expert_group_count", groups);
            whole("expert_group_used_count", kept);
        }
    }

    private void rotary(PositionSpec.Rotary rotary) {
        whole("rope.dimension_count", (int) Math.round(config.attention().rotarySize() * rotary.fraction()));
        real("rope.freq_base", rotary.theta());
        switch (rotary.scaling()) {
            case RotaryScaling.None none -> {}
            case RotaryScaling.Linear(double factor) -> scaling("linear", factor);
            case RotaryScaling.Dynamic dynamic -> scaling("dynamic", dynamic.factor());
            // The factors themselves are tensors.
            case RotaryScaling.Llama3 llama -> original(llama.originalPositions());
            case RotaryScaling.LongRope rope -> {
                original(rope.originalPositions());
                real("rope.scaling.attn_factor", rope.magnitude());
            }
            case RotaryScaling.Yarn yarn -> yarn(yarn);
        }
    }

    private void yarn(RotaryScaling.Yarn yarn) {
        scaling("yarn", yarn.factor());
        original(yarn.originalPositions());
        real("rope.scaling.yarn_beta_fast", yarn.betaFast());
        real("rope.scaling.yarn_beta_slow", yarn.betaSlow());
        switch (yarn.magnitude()) {
            case RotaryScaling.Magnitude.Usual usual -> {}
            // DeepSeek's files have a tenth of what other architectures' have.
            case RotaryScaling.Magnitude.Ratio(double mscale, double ofAll) ->
                real(
                        "rope.scaling.yarn_log_multiplier",
                        architecture == GgufArchitecture.DEEPSEEK2 ? ofAll / 10 : ofAll);
            case RotaryScaling.Magnitude.Given(double value) -> real("rope.scaling.yarn_attn_factor", value);
        }
    }

    private void scaling(String type, double factor) {
        metadata.put(key("rope.scaling.type"), new GgufValue.Text(type));
        real("rope.scaling.factor", factor);
    }

    private void original(int positions) {
        whole("rope.scaling.original_context_length", positions);
    }

    private void cap(String name, SoftCap cap) {
        if (cap instanceof SoftCap.Tanh(double limit)) real(name, limit);
    }

    private void whole(String name, int value) {
        metadata.put(key(name), new GgufValue.Whole(value));
    }

    private void real(String name, double value) {
        metadata.put(key(name), new GgufValue.Real((float) value));
    }

    private String key(String name) {
        return architecture.id() + "." + name;
    }
}
