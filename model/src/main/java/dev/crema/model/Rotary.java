package dev.crema.model;

import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.ArchConfig.RotaryScaling;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;

/**
 * Rotary position embedding (Su et al., "RoFormer", 2021).
 *
 * <p>Dimension {@code i} of the first half of a head and dimension {@code i} of the second half are a point in the
 * plane, turned by {@code position * theta^(-2i/d)}. The scalar product of a query and a key then depends on the
 * distance of their positions alone.
 */
final class Rotary {
    /** For models without rotation; it has no dimension to turn. */
    static final Rotary NONE = new Rotary(new float[0]);

    private final float[] frequencies;

    private Rotary(float[] frequencies) {
        this.frequencies = frequencies;
    }

    static Rotary of(PositionSpec.Rotary spec, int headSize) {
        float[] frequencies = new float[headSize / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float frequency = (float) (1.0 / Math.pow(spec.theta(), 2.0 * i / headSize));
            frequencies[i] = scaled(frequency, spec.scaling());
        }
        return new Rotary(frequencies);
    }

    private static float scaled(float frequency, RotaryScaling scaling) {
        return switch (scaling) {
            case RotaryScaling.None none -> frequency;
            case RotaryScaling.Linear linear -> (float) (frequency / linear.factor());
            case RotaryScaling.Llama3 llama -> llama3(frequency, llama);
        };
    }

    private static float llama3(float frequency, RotaryScaling.Llama3 scaling) {
        double wavelength = 2 * Math.PI / frequency;
        double longest = scaling.originalPositions() / scaling.lowFrequencyFactor();
        double shortest = scaling.originalPositions() / scaling.highFrequencyFactor();
        if (wavelength < shortest) return frequency;
        if (wavelength > longest) return (float) (frequency / scaling.factor());
        double smooth = (scaling.originalPositions() / wavelength - scaling.lowFrequencyFactor())
                / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
        return (float) ((1 - smooth) * frequency / scaling.factor() + smooth * frequency);
    }

    /** The angles of the tokens of one pass, shared by its layers; {@code [B, T, headSize / 2]} each, FP32. */
    record Angles(Tensor cos, Tensor sin) {}

    /** Returns the angles at {@code positions [B, T]}. */
    Angles at(Tensor positions) {
        Tensor steps = Tensors.of(frequencies, frequencies.length).to(positions.device());
        Tensor angles = positions.to(DType.FP32).unsqueeze(-1).mul(steps); // [B, T, headSize / 2]
        return new Angles(angles.cos(), angles.sin());
    }
}
