package dev.crema.model.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufTensor;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;

/** Says with the keys of {@code config.json} how a GGUF file's model rotates queries and keys. */
final class GgufRotary {
    /** Factors of Llama 3.1's scaling, and those of LongRoPE within the original context and beyond. */
    static final String FACTORS = "rope_freqs.weight",
            SHORT_FACTORS = "rope_factors_short.weight",
            LONG_FACTORS = "rope_factors_long.weight";

    private final GgufKeys keys;
    private final ObjectNode json;

    private GgufRotary(GgufKeys keys, ObjectNode json) {
        this.keys = keys;
        this.json = json;
    }

    /** Tells whether a tensor is no weight, but says how the model rotates. */
    static boolean describes(String tensor) {
        return tensor.equals(FACTORS) || tensor.equals(SHORT_FACTORS) || tensor.equals(LONG_FACTORS);
    }

    /** @param size the width of what may turn: a head, or DeepSeek's part of one */
    static void read(GgufKeys keys, ObjectNode json, int size) {
        GgufRotary rotary = new GgufRotary(keys, json);
        rotary.fraction(size);
        boolean byWindow = keys.architecture() == GgufArchitecture.GEMMA3;
        json.put("rope_theta", keys.real("rope.freq_base", byWindow ? 1_000_000 : 10_000));
        if (byWindow) json.put("rope_local_base_freq", keys.real("rope.freq_base_swa", 10_000));
        rotary.scaling();
    }

    private void fraction(int size) {
        int turned = keys.whole("rope.dimension_count", size);
        if (keys.architecture() == GgufArchitecture.PHI3 && turned > 0 && turned < size) {
            json.put("partial_rotary_factor", (double) turned / size);
        } else if (turned != size) {
            throw new InputException(keys.where() + ": " + keys.key("rope.dimension_count") + " is " + turned
                    + "; models are read where it is the head size, " + size);
        }
    }

    private void scaling() {
        GgufTensor factors = keys.tensors().get(FACTORS);
        // Before 2023-10 the factor of linear scaling stood alone.
        double linear = keys.real("rope.scale_linear", 1);
        String type =
                keys.metadata().optionalText(keys.key("rope.scaling.type")).orElse(linear == 1 ? "none" : "linear");
        double factor = keys.real("rope.scaling.factor", linear);
        int original = keys.whole("rope.scaling.original_context_length", 0);
        if (factors != null) {
            int trained = original > 0 ? original : RopeFactors.ORIGINAL;
            json.set("rope_scaling", RopeFactors.read(keys.where(), factors, json, trained));
        } else if (keys.holds(LONG_FACTORS) || keys.holds(SHORT_FACTORS)) {
            longRope(original);
        } else if (type.equals("none") || type.equals("linear") && factor == 1) {
            json.putNull("rope_scaling");
        } else if (!type.equals("linear") && !type.equals("yarn")) {
            throw new InputException(keys.where() + ": " + keys.key("rope.scaling.type") + " is \"" + type
                    + "\"; known are none, linear and yarn, and tensors of factors");
        } else {
            ObjectNode scaling = json.putObject("rope_scaling").put("rope_type", type);
            scaling.put("factor", factor);
            if (original > 0) scaling.put("original_max_position_embeddings", original);
            if (type.equals("yarn")) yarn(scaling);
        }
    }

    private void yarn(ObjectNode scaling) {
        scaling.put("beta_fast", keys.real("rope.scaling.yarn_beta_fast", 32));
        scaling.put("beta_slow", keys.real("rope.scaling.yarn_beta_slow", 1));
        if (keys.has("rope.scaling.yarn_attn_factor")) {
            scaling.put("attention_factor", keys.real("rope.scaling.yarn_attn_factor", 1));
        }
        double multiplier = keys.real("rope.scaling.yarn_log_multiplier", 0);
        if (multiplier != 0) {
            // DeepSeek's files have a tenth of it, and its models the same value twice.
            boolean deepSeek = keys.architecture() == GgufArchitecture.DEEPSEEK2;
            double ofAll =
                    deepSeek ? BigDecimal.valueOf(multiplier).movePointRight(1).doubleValue() : multiplier;
            scaling.put("mscale", deepSeek ? ofAll : 1).put("mscale_all_dim", ofAll);
        }
    }

    private void longRope(int original) {
        json.put("original_max_position_embeddings", original);
        ObjectNode scaling = json.putObject("rope_scaling").put("rope_type", "longrope");
        factors(scaling.putArray("short_factor"), SHORT_FACTORS);
        factors(scaling.putArray("long_factor"), LONG_FACTORS);
        scaling.put("attention_factor", keys.real("rope.scaling.attn_factor", 1));
    }

    private void factors(ArrayNode values, String name) {
        GgufTensor factors = keys.tensors().get(name);
        int pairs = json.path("head_dim").asInt() / 2;
        if (factors == null || factors.type() != GgmlType.F32 || factors.rows() != 1 || factors.columns() > pairs) {
            throw new InputException(keys.where() + ": " + name + " has to hold up to " + pairs + " factors in F32");
        }
        for (float factor : factors.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)) {
            if (!Float.isFinite(factor)) throw new InputException(keys.where() + ": " + name + " holds " + factor);
            values.add(Double.parseDouble(Float.toString(factor)));
        }
    }
}
