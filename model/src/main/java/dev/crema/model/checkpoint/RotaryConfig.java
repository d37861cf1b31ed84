package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.RotaryScaling;
import dev.crema.text.InputException;
import java.util.List;

/**
 * Reads and writes how queries and keys rotate, in both dialects: {@code rope_theta} beside {@code rope_scaling}, and
 * transformers 5's {@code rope_parameters}.
 */
final class RotaryConfig {
    private RotaryConfig() {}

    /** Reads one rotation for all layers; of {@code positions} the model's configuration speaks. */
    static PositionSpec.Rotary read(ConfigJson json, Family family, int positions) {
        json.require(!json.flag("rope_interleaved", false), "rope_interleaved");
        ConfigJson joint = json.object("rope_parameters"), apart = json.object("rope_scaling");
        double usual = family == Family.MIXTRAL ? 1_000_000 : 10_000;
        double theta = json.number("rope_theta", joint.number("rope_theta", usual));
        return read(json, json.has("rope_parameters") ? joint : apart, family, positions, theta);
    }

    /** Reads Gemma 3's two rotations. */
    static PositionSpec readByWindow(ConfigJson json, Family family, int positions) {
        ConfigJson joint = json.object("rope_parameters");
        ConfigJson all = joint.object("full_attention"), sliding = joint.object("sliding_attention");
        double theta = json.number("rope_theta", all.number("rope_theta", 1_000_000));
        double local = json.number("rope_local_base_freq", sliding.number("rope_theta", 10_000));
        joint.finish();
        ConfigJson apart = json.object("rope_scaling");
        return new PositionSpec.RotaryByWindow(
                read(json, json.has("rope_parameters") ? all : apart, family, positions, theta),
                read(json, sliding, family, positions, local));
    }

    private static PositionSpec.Rotary read(
            ConfigJson json, ConfigJson scaling, Family family, int positions, double theta) {
        double fraction = scaling.number("partial_rotary_factor", json.number("partial_rotary_factor", 1));
        // transformers turns whole heads in the other families, whatever the file says.
        json.require(fraction == 1 || family == Family.PHI3, "partial_rotary_factor");
        int original = json.integer(
                "original_max_position_embeddings", scaling.integer("original_max_position_embeddings", positions));
        String type = scaling.text("rope_type", scaling.text("type", "default"));
        scaling.number("rope_theta", theta);
        RotaryScaling read = switch (type) {
            case "default" -> new RotaryScaling.None();
            case "linear" -> new RotaryScaling.Linear(scaling.number("factor"));
            case "dynamic" -> new RotaryScaling.Dynamic(scaling.number("factor"), positions);
            case "llama3" ->
                new RotaryScaling.Llama3(
                        scaling.number("factor"),
                        scaling.number("low_freq_factor"),
                        scaling.number("high_freq_factor"),
                        original);
            // Phi-3's first files call longrope by two other names.
            case "yarn", "su", "longrope" ->
                type.equals("yarn") && family != Family.PHI3
                        ? yarn(scaling, positions, original)
                        : longRope(scaling, positions, original);
            default ->
                throw new InputException("The rotary scaling \"" + type
                        + "\" is not known; known are default, linear, dynamic, yarn, llama3 and longrope");
        };
        scaling.finish();
        return new PositionSpec.Rotary(theta, read, fraction);
    }

    private static RotaryScaling yarn(ConfigJson scaling, int positions, int original) {
        double mscale = scaling.number("mscale", 0), mscaleAllDim = scaling.number("mscale_all_dim", 0);
        double given = scaling.number("attention_factor", 0);
        RotaryScaling.Magnitude ratio = mscale != 0 && mscaleAllDim != 0
                ? new RotaryScaling.Magnitude.Ratio(mscale, mscaleAllDim)
                : new RotaryScaling.Magnitude.Usual();
        return new RotaryScaling.Yarn(
                scaling.number("factor", (double) positions / original),
                original,
                scaling.number("beta_fast", 32),
                scaling.number("beta_slow", 1),
                scaling.flag("truncate", true),
                given != 0 ? new RotaryScaling.Magnitude.Given(given) : ratio);
    }

    private static RotaryScaling longRope(ConfigJson scaling, int positions, int original) {
        double factor = scaling.number("factor", (double) positions / original);
        double usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
        return new RotaryScaling.LongRope(
                scaling.numbers("short_factor"),
                scaling.numbers("long_factor"),
                original,
                scaling.number("attention_factor", usual));
    }

    /** Writes a rotation in the older dialect, which all versions of transformers read. */
    static void write(ObjectNode json, PositionSpec position) {
        switch (position) {
            case PositionSpec.Learned learned -> {}
            case PositionSpec.Rotary rotary -> write(json, rotary);
            case PositionSpec.RotaryByWindow(PositionSpec.Rotary all, PositionSpec.Rotary sliding) -> {
                write(json, all);
                json.put("rope_local_base_freq", sliding.theta());
            }
        }
    }

    private static void write(ObjectNode json, PositionSpec.Rotary rotary) {
        json.put("rope_theta", rotary.theta());
        if (rotary.fraction() != 1) json.put("partial_rotary_factor", rotary.fraction());
        switch (rotary.scaling()) {
            case RotaryScaling.None none -> json.putNull("rope_scaling");
            case RotaryScaling.Linear(double factor) -> scaling(json, "linear").put("factor", factor);
            case RotaryScaling.Dynamic dynamic -> scaling(json, "dynamic").put("factor", dynamic.factor());
            case RotaryScaling.Yarn yarn -> write(scaling(json, "yarn"), yarn);
            case RotaryScaling.Llama3 llama ->
                scaling(json, "llama3")
                        .put("factor", llama.factor())
                        .put("low_freq_factor", llama.lowFrequencyFactor())
                        .put("high_freq_factor", llama.highFrequencyFactor())
                        .put("original_max_position_embeddings", llama.originalPositions());
            case RotaryScaling.LongRope rope -> {
                json.put("original_max_position_embeddings", rope.originalPositions());
                ObjectNode scaling = scaling(json, "longrope").put("attention_factor", rope.magnitude());
                putAll(scaling, "short_factor", rope.shortFactors());
                putAll(scaling, "long_factor", rope.longFactors());
            }
        }
    }

    private static void write(ObjectNode scaling, RotaryScaling.Yarn yarn) {
        scaling.put("factor", yarn.factor())
                .put("original_max_position_embeddings", yarn.originalPositions())
                .put("beta_fast", yarn.betaFast())
                .put("beta_slow", yarn.betaSlow())
                .put("truncate", yarn.truncate());
        switch (yarn.magnitude()) {
            case RotaryScaling.Magnitude.Usual usual -> {}
            case RotaryScaling.Magnitude.Ratio(double mscale, double mscaleAllDim) ->
                scaling.put("mscale", mscale).put("mscale_all_dim", mscaleAllDim);
            case RotaryScaling.Magnitude.Given(double value) -> scaling.put("attention_factor", value);
        }
    }

    private static ObjectNode scaling(ObjectNode json, String type) {
        // Both keys: Phi-3's own check looks for the older one.
        return json.putObject("rope_scaling").put("rope_type", type).put("type", type);
    }

    private static void putAll(ObjectNode json, String key, List<Double> values) {
        values.forEach(json.putArray(key)::add);
    }
}
