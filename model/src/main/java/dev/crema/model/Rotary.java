package dev.crema.model;

import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.util.Arrays;
import java.util.List;

/**
 * Rotary position embedding (Su et al., "RoFormer", 2021).
 *
 * <p>Of the first {@code r} dimensions of a head, dimension {@code i} of the first half and dimension {@code i} of the
 * second half are a point in the plane, turned by {@code position * theta^(-2i/r)}. The scalar product of a query and a
 * key then depends on the distance of their positions alone. The scalings for longer contexts change these frequencies,
 * and some stretch the points as well ({@code modeling_rope_utils.py} of transformers).
 */
final class Rotary {
    private final PositionSpec.Rotary spec;
    private final int turned;

    private Rotary(PositionSpec.Rotary spec, int turned) {
        this.spec = spec;
        this.turned = turned;
    }

    /**
     * Makes the rotation of heads of a size.
     *
     * @throws InputException if the turned part of a head has no pairs, or longrope has factors for other pairs
     */
    static Rotary of(PositionSpec.Rotary spec, int headSize) {
        int turned = (int) (headSize * spec.fraction());
        if (turned < 2 || turned % 2 != 0) {
            throw new InputException("A head of " + headSize + " cannot turn " + turned
                    + " of its dimensions: the turned part has to be even and at least 2");
        }
        if (spec.scaling() instanceof RotaryScaling.LongRope rope) {
            for (List<Double> factors : List.of(rope.shortFactors(), rope.longFactors())) {
                if (factors.size() != turned / 2) {
                    throw new InputException("longrope has " + factors.size() + " factors, a head turns " + turned / 2
                            + " pairs of dimensions: there has to be one for each");
                }
            }
        }
        return new Rotary(spec, turned);
    }

    /** The angles of the tokens of one pass, shared by its layers; {@code [B, T, r / 2]} each, FP32. */
    record Angles(Tensor cos, Tensor sin) {}

    /**
     * Returns the angles at {@code positions [B, T]}.
     *
     * @param visibility says by its cache of how long a sequence the positions are a piece
     */
    Angles at(Tensor positions, Visibility visibility) {
        Tensor steps = steps(positions, visibility).to(positions.device());
        Tensor angles = positions.to(DType.FP32).unsqueeze(-1).mul(steps); // [B, T, r / 2]
        double magnitude = magnitude();
        return magnitude == 1
                ? new Angles(angles.cos(), angles.sin())
                : new Angles(angles.cos().mul(magnitude), angles.sin().mul(magnitude));
    }

    private double magnitude() {
        return switch (spec.scaling()) {
            case RotaryScaling.Yarn yarn -> yarn.magnitude().of(yarn.factor());
            case RotaryScaling.LongRope rope -> rope.magnitude();
            case RotaryScaling.None none -> 1;
            case RotaryScaling.Linear linear -> 1;
            case RotaryScaling.Dynamic dynamic -> 1;
            case RotaryScaling.Llama3 llama -> 1;
        };
    }

    /** Returns by how much each position turns, {@code [r / 2]}, or {@code [B, 1, r / 2]} where it depends on the row. */
    private Tensor steps(Tensor positions, Visibility visibility) {
        boolean byLength =
                spec.scaling() instanceof RotaryScaling.Dynamic || spec.scaling() instanceof RotaryScaling.LongRope;
        if (!byLength) return Tensors.of(frequencies(0), turned / 2);
        int rows = (int) positions.size(0), tokens = (int) positions.size(1);
        long[] position = positions.toLongs();
        float[] all = new float[rows * turned / 2];
        for (int row = 0; row < rows; row++) {
            long last = Arrays.stream(position, row * tokens, (row + 1) * tokens)
                    .max()
                    .orElse(0);
            long announced = visibility instanceof Visibility.Cached(KvCache cache) ? cache.announced(row) : 0;
            System.arraycopy(frequencies(Math.max(announced, last + 1)), 0, all, row * turned / 2, turned / 2);
        }
        return Tensors.of(all, rows, 1, turned / 2);
    }

    /** @param length tokens of the sequence */
    private float[] frequencies(long length) {
        return switch (spec.scaling()) {
            case RotaryScaling.None none -> plain(spec.theta());
            case RotaryScaling.Linear(double factor) -> linear(factor);
            case RotaryScaling.Dynamic dynamic -> plain(base(dynamic, length));
            case RotaryScaling.Yarn yarn -> yarn(yarn);
            case RotaryScaling.Llama3 llama -> llama3(llama);
            case RotaryScaling.LongRope rope ->
                stretched(length > rope.originalPositions() ? rope.longFactors() : rope.shortFactors());
        };
    }

    private float[] plain(double base) {
        float[] frequencies = new float[turned / 2];
        for (int i = 0; i < frequencies.length; i++) frequencies[i] = (float) (1 / Math.pow(base, 2.0 * i / turned));
        return frequencies;
    }

    private float[] linear(double factor) {
        float[] frequencies = plain(spec.theta());
        for (int i = 0; i < frequencies.length; i++) frequencies[i] = (float) (frequencies[i] / factor);
        return frequencies;
    }

    private float[] stretched(List<Double> factors) {
        float[] frequencies = plain(spec.theta());
        for (int i = 0; i < frequencies.length; i++) frequencies[i] = (float) (frequencies[i] / factors.get(i));
        return frequencies;
    }

    private double base(RotaryScaling.Dynamic scaling, long length) {
        double stretch = (double) Math.max(length, scaling.originalPositions()) / scaling.originalPositions();
        double grown = scaling.factor() * stretch - (scaling.factor() - 1);
        return spec.theta() * Math.pow(grown, turned / (turned - 2.0));
    }

    private float[] yarn(RotaryScaling.Yarn scaling) {
        float[] frequencies = plain(spec.theta());
        double low = dimensionTurning(scaling.betaFast(), scaling.originalPositions());
        double high = dimensionTurning(scaling.betaSlow(), scaling.originalPositions());
        double first = Math.max(scaling.truncate() ? Math.floor(low) : low, 0);
        double last = Math.min(scaling.truncate() ? Math.ceil(high) : high, turned - 1);
        double width = first == last ? 0.001 : last - first;
        for (int i = 0; i < frequencies.length; i++) {
            double stretched = Math.clamp((i - first) / width, 0, 1);
            frequencies[i] = (float) (frequencies[i] / scaling.factor() * stretched + frequencies[i] * (1 - stretched));
        }
        return frequencies;
    }

    /** Returns the dimension, not whole, that turns so many times within a context. */
    private double dimensionTurning(double times, int context) {
        return turned * Math.log(context / (times * 2 * Math.PI)) / (2 * Math.log(spec.theta()));
    }

    private float[] llama3(RotaryScaling.Llama3 scaling) {
        float[] frequencies = plain(spec.theta());
        double longest = scaling.originalPositions() / scaling.lowFrequencyFactor();
        double shortest = scaling.originalPositions() / scaling.highFrequencyFactor();
        for (int i = 0; i < frequencies.length; i++) {
            double frequency = frequencies[i], wavelength = 2 * Math.PI / frequency;
            if (wavelength > longest) frequencies[i] = (float) (frequency / scaling.factor());
            if (wavelength > longest || wavelength < shortest) continue;
            double smooth = (scaling.originalPositions() / wavelength - scaling.lowFrequencyFactor())
                    / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
            frequencies[i] = (float) ((1 - smooth) * frequency / scaling.factor() + smooth * frequency);
        }
        return frequencies;
    }
}
