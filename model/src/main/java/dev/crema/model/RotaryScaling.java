package dev.crema.model;

import dev.crema.text.InputException;
import java.util.List;

/** How rotary wavelengths are stretched to contexts longer than the model was first trained on. */
public sealed interface RotaryScaling {
    /** Wavelengths stay as they are. */
    record None() implements RotaryScaling {}

    /** Divides every position by the factor (Chen et al., "Position Interpolation", 2023). */
    record Linear(double factor) implements RotaryScaling {
        public Linear {
            checkFactor(factor);
        }
    }

    /**
     * Raises the base with the length of the sequence, once it is longer than the original context: "dynamic NTK".
     *
     * <p>The length is that of the row: keys that a cache holds keep the angles with which they came.
     */
    record Dynamic(double factor, int originalPositions) implements RotaryScaling {
        public Dynamic {
            checkFactor(factor);
            ArchConfig.check("number of original positions", originalPositions, 1 << 30);
        }
    }

    /**
     * Stretches dimensions that turn less than {@code betaSlow} times in the original context, leaves those that turn more
     * than {@code betaFast} times, with a ramp between (Peng et al., "YaRN", 2023).
     *
     * @param truncate whether the ramp begins and ends at whole dimensions
     */
    record Yarn(
            double factor,
            int originalPositions,
            double betaFast,
            double betaSlow,
            boolean truncate,
            Magnitude magnitude)
            implements RotaryScaling {
        public Yarn {
            checkFactor(factor);
            ArchConfig.check("number of original positions", originalPositions, 1 << 30);
            if (!(betaFast > 0 && betaSlow > 0)) {
                throw new InputException("YaRN's beta_fast of " + betaFast + " and beta_slow of " + betaSlow
                        + " cannot be used: they lie above 0");
            }
        }
    }

    /** Stretches long wavelengths only, with a ramp between (Llama 3.1). */
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
            implements RotaryScaling {
        public Llama3 {
            checkFactor(factor);
            ArchConfig.check("number of original positions", originalPositions, 1 << 30);
            if (!(lowFrequencyFactor > 0 && highFrequencyFactor > lowFrequencyFactor)) {
                throw new InputException("llama3's low_freq_factor of " + lowFrequencyFactor
                        + " and high_freq_factor of " + highFrequencyFactor + " cannot be used: 0 < low < high");
            }
        }
    }

    /**
     * Stretches each pair of dimensions by a factor of its own, found by search: one set of factors within the original
     * context, another beyond (Ding et al., "LongRoPE", 2024; Phi-3).
     *
     * <p>The length is that of the row: keys that a cache holds are made again when it outgrows the original context.
     *
     * @param magnitude by which cosines and sines are multiplied
     */
    record LongRope(List<Double> shortFactors, List<Double> longFactors, int originalPositions, double magnitude)
            implements RotaryScaling {
        public LongRope {
            shortFactors = List.copyOf(shortFactors);
            longFactors = List.copyOf(longFactors);
            ArchConfig.check("number of original positions", originalPositions, 1 << 30);
            shortFactors.forEach(RotaryScaling::checkStretch);
            longFactors.forEach(RotaryScaling::checkStretch);
            if (!(magnitude > 0)) throw new InputException("An attention_factor of " + magnitude + ": it lies above 0");
        }
    }

    /** By what YaRN multiplies cosines and sines, and so makes up for the flatter scores of longer contexts. */
    sealed interface Magnitude {
        /** {@code 0.1 ln(factor) + 1}. */
        record Usual() implements Magnitude {}

        /** The ratio of the usual one weighted by {@code mscale} to that weighted by {@code mscaleAllDim} (DeepSeek). */
        record Ratio(double mscale, double mscaleAllDim) implements Magnitude {}

        record Given(double value) implements Magnitude {}

        /** Returns the value for a factor of stretching. */
        default double of(double factor) {
            return switch (this) {
                case Usual usual -> weighted(factor, 1);
                case Ratio(double mscale, double mscaleAllDim) ->
                    weighted(factor, mscale) / weighted(factor, mscaleAllDim);
                case Given(double value) -> value;
            };
        }

        private static double weighted(double factor, double weight) {
            return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
        }
    }

    /** Returns the longest context of a model of so many positions by its configuration. */
    default int context(int positions) {
        double stretched = switch (this) {
            case Linear(double factor) -> factor * positions;
            case Dynamic(double factor, int original) -> factor * original;
            case Yarn yarn -> Math.max(positions, yarn.factor() * yarn.originalPositions());
            case None none -> positions;
            case Llama3 llama -> positions;
            case LongRope rope -> positions;
        };
        return (int) Math.min(1 << 30, stretched);
    }

    private static void checkFactor(double factor) {
        if (!(factor >= 1 && factor <= 1e6)) {
            throw new InputException("A rotary scaling by a factor of " + factor + ": it lies between 1 and 1e6");
        }
    }

    private static void checkStretch(double factor) {
        if (!(factor > 0 && factor <= 1e6)) {
            throw new InputException("A factor of " + factor + " among those of longrope: it lies above 0, up to 1e6");
        }
    }
}
