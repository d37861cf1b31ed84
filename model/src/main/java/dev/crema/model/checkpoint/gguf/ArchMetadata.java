package dev.crema.model.checkpoint.gguf;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec.GroupedQuery;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.ArchConfig.PositionSpec.Rotary;
import dev.crema.model.ArchConfig.QueryKeyNorm;
import dev.crema.model.RotaryScaling;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.Map;

/** Says with the keys of GGUF what an {@link ArchConfig} says; a model that they cannot describe is refused. */
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
        GroupedQuery attention = part(GroupedQuery.class, config.attention(), "attention");
        check(attention);
        whole("block_count", config.layers());
        whole("context_length", config.maxPositions());
        whole("embedding_length", config.hiddenSize());
        whole("attention.head_count", attention.heads());
        switch (architecture) {
            case GPT2 -> {
                part(PositionSpec.Learned.class, config.position(), "position");
                FeedForwardSpec.Plain plain =
                        part(FeedForwardSpec.Plain.class, config.feedForward(), "feed-forward part");
                activation(plain.activation(), Activation.GELU_TANH);
                whole("feed_forward_length", plain.width());
                real(
                        "attention.layer_norm_epsilon",
                        part(NormSpec.LayerNorm.class, config.norm(), "norm").epsilon());
            }
            case LLAMA, QWEN2, QWEN3 -> {
                whole("attention.head_count_kv", attention.keyValueHeads());
                whole("attention.key_length", attention.headSize());
                whole("attention.value_length", attention.headSize());
                whole("rope.dimension_count", attention.headSize());
                FeedForwardSpec.Gated gated =
                        part(FeedForwardSpec.Gated.class, config.feedForward(), "feed-forward part");
                activation(gated.activation(), Activation.SILU);
                whole("feed_forward_length", gated.width());
                real(
                        "attention.layer_norm_rms_epsilon",
                        part(NormSpec.RmsNorm.class, config.norm(), "norm").epsilon());
                rotary(part(Rotary.class, config.position(), "position"));
            }
        }
        whole("vocab_size", config.vocabularySize());
        return metadata;
    }

    private void check(GroupedQuery attention) {
        QueryKeyNorm norm = architecture == GgufArchitecture.QWEN3 ? QueryKeyNorm.HEAD : QueryKeyNorm.NONE;
        boolean biased = attention.inputBias() || attention.outputBias();
        GroupedQuery plain = new GroupedQuery(
                attention.heads(),
                attention.keyValueHeads(),
                attention.headSize(),
                attention.inputBias(),
                attention.outputBias(),
                norm);
        ArchConfig usual = new ArchConfig(
                config.vocabularySize(),
                config.hiddenSize(),
                config.layers(),
                config.maxPositions(),
                attention,
                config.feedForward(),
                config.norm(),
                config.position(),
                config.tiedHead());
        if (!config.equals(usual)) throw refused("arrangement", config);
        if (!attention.equals(plain) || biased && architecture == GgufArchitecture.QWEN3) {
            throw refused("attention", attention);
        }
    }

    private void rotary(Rotary rotary) {
        if (rotary.fraction() != 1) throw refused("position", rotary);
        real("rope.freq_base", rotary.theta());
        switch (rotary.scaling()) {
            case RotaryScaling.None none -> {}
            case RotaryScaling.Linear(double factor) -> {
                metadata.put(key("rope.scaling.type"), new GgufValue.Text("linear"));
                real("rope.scaling.factor", factor);
            }
            // The factors themselves are a tensor.
            case RotaryScaling.Llama3 llama -> whole("rope.scaling.original_context_length", llama.originalPositions());
            case RotaryScaling.Dynamic dynamic -> throw refused("rotary scaling", dynamic);
            case RotaryScaling.Yarn yarn -> throw refused("rotary scaling", yarn);
            case RotaryScaling.LongRope rope -> throw refused("rotary scaling", rope);
        }
    }

    private void activation(Activation found, Activation wanted) {
        if (found != wanted) throw refused("activation", found);
    }

    private <T> T part(Class<T> wanted, Object found, String what) {
        if (!wanted.isInstance(found)) throw refused(what, found);
        return wanted.cast(found);
    }

    private InputException refused(String what, Object found) {
        return new InputException("GGUF cannot say of a model of the architecture " + architecture.id() + " that its "
                + what + " is " + found + "; export a model without it, or keep safetensors");
    }

    private void whole(String name, int value) {
        metadata.put(key(name), new GgufValue.Whole(value));
    }

    private void real(String name, double value) {
        metadata.put(key(name), new GgufValue.Real(value));
    }

    private String key(String name) {
        return architecture.id() + "." + name;
    }
}
