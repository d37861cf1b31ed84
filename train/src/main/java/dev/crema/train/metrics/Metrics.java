package dev.crema.train.metrics;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Holds what one step measured.
 *
 * @param step the step, from 0
 * @param tokens how many tokens the run has trained on so far
 * @param values measured values by name, in the order they were put
 */
public record Metrics(long step, long tokens, Map<String, Double> values) {
    private static final Set<String> RESERVED = Set.of("step", "tokens", "note");

    public Metrics {
        if (step < 0 || tokens < 0) {
            throw new IllegalArgumentException("step and tokens must be 0 or more, are " + step + " and " + tokens);
        }
        for (String name : values.keySet()) {
            if (name.isBlank() || RESERVED.contains(name)) {
                throw new IllegalArgumentException("a metric cannot be named '" + name + "'");
            }
        }
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** Returns the metrics of a step without values, for {@link #with} to add to. */
    public static Metrics at(long step, long tokens) {
        return new Metrics(step, tokens, Map.of());
    }

    /** Returns a copy that also holds a value. */
    public Metrics with(String name, double value) {
        var more = new LinkedHashMap<>(values);
        more.put(name, value);
        return new Metrics(step, tokens, more);
    }
}
