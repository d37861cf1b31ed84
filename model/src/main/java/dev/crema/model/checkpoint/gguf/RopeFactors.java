package dev.crema.model.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.RotaryScaling;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufTensor;
import java.lang.foreign.ValueLayout;

/**
 * Translates Llama 3.1's scaling of rotary frequencies to and from GGUF, which holds no parameters of it, but the factor
 * by which each frequency is divided.
 */
final class RopeFactors {
    /** The published parameters, but for the factor, which is that of the longest wavelength. */
    private static final double LOW = 1, HIGH = 4;

    /** The published number of positions that the model was first trained on. */
    static final int ORIGINAL = 8192;

    private static final double TOLERANCE = 1e-4;

    private RopeFactors() {}

    /**
     * Finds the parameters that give a file's factors.
     *
     * @param config what is known already: {@code rope_theta} and {@code head_dim}
     * @param original how many positions the model was first trained on
     * @throws InputException if it is none of Llama 3.1's
     */
    static ObjectNode read(String where, GgufTensor factors, ObjectNode config, int original) {
        int pairs = config.path("head_dim").asInt() / 2;
        if (pairs < 1 || factors.type() != GgmlType.F32 || factors.rows() != 1 || factors.columns() != pairs) {
            throw new InputException(where + ": " + factors.name() + " has to hold " + pairs + " factors in F32");
        }
        float[] found = factors.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        RotaryScaling.Llama3 scaling = new RotaryScaling.Llama3(found[pairs - 1], LOW, HIGH, original);
        float[] expected = factors(scaling, config.path("rope_theta").asDouble(), 2 * pairs);
        for (int i = 0; i < pairs; i++) {
            if (!(Math.abs(found[i] - expected[i]) <= TOLERANCE * expected[i])) {
                throw new InputException(where + ": the rotary factors in " + factors.name()
                        + " are not those of Llama 3.1 with low_freq_factor 1, high_freq_factor 4 and "
                        + original + " original positions; read the model from safetensors");
            }
        }
        return JsonNodeFactory.instance
                .objectNode()
                .put("rope_type", "llama3")
                .put("factor", scaling.factor())
                .put("low_freq_factor", LOW)
                .put("high_freq_factor", HIGH)
                .put("original_max_position_embeddings", original);
    }

    /** Tells whether {@link #read} finds the parameters again. */
    static boolean readable(RotaryScaling.Llama3 scaling) {
        return scaling.lowFrequencyFactor() == LOW && scaling.highFrequencyFactor() == HIGH;
    }

    /** Returns the factor of each pair of dimensions. */
    static float[] factors(RotaryScaling.Llama3 scaling, double theta, int headSize) {
        float[] factors = new float[headSize / 2];
        for (int i = 0; i < factors.length; i++) {
            double wavelength = 2 * Math.PI * Math.pow(theta, 2.0 * i / headSize);
            // How often the wave turns in the original context: those that turn often stay, those that do not are
            // stretched, and between the two goes a ramp.
            double turns = scaling.originalPositions() / wavelength;
            double ramp = (turns - scaling.lowFrequencyFactor())
                    / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
            double smooth = Math.clamp(ramp, 0, 1);
            factors[i] = (float) (1 / ((1 - smooth) / scaling.factor() + smooth));
        }
        return factors;
    }
}
