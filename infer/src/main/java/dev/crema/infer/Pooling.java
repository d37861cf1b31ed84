package dev.crema.infer;

import dev.crema.text.InputException;
import java.util.Locale;

/** How the vectors of a text's tokens become one (Reimers and Gurevych, "Sentence-BERT", 2019). */
public enum Pooling {
    /** Their mean. */
    MEAN,
    /** That of the first token, which BERT calls {@code [CLS]}. */
    CLS,
    /** The largest value of each dimension. */
    MAX;

    /** Pools hidden states {@code [T, D]}, row after row, into {@code [D]}. */
    float[] pool(float[] hiddenStates, int tokens) {
        int width = hiddenStates.length / tokens;
        float[] pooled = new float[width];
        for (int i = 0; i < width; i++) {
            pooled[i] = switch (this) {
                case CLS -> hiddenStates[i];
                case MEAN -> mean(hiddenStates, i, width);
                case MAX -> max(hiddenStates, i, width);
            };
        }
        return pooled;
    }

    private static float mean(float[] values, int from, int step) {
        double sum = 0;
        for (int i = from; i < values.length; i += step) sum += values[i];
        return (float) (sum * step / values.length);
    }

    private static float max(float[] values, int from, int step) {
        float max = values[from];
        for (int i = from; i < values.length; i += step) max = Math.max(max, values[i]);
        return max;
    }

    /** Finds a way by its name, in any case. */
    static Pooling of(String name) {
        for (Pooling pooling : values()) if (pooling.name().equalsIgnoreCase(name)) return pooling;
        throw new InputException("the pooling \"" + name + "\" is not known; known are "
                + String.join(
                        ", ",
                        java.util.Arrays.stream(values())
                                .map(value -> value.name().toLowerCase(Locale.ROOT))
                                .toList()));
    }
}
