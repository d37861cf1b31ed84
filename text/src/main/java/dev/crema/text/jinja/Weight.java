package dev.crema.text.jinja;

import java.util.List;
import java.util.Map;

/**
 * Counts the values inside a value, each as often as it occurs.
 *
 * <p>A list that holds itself twice over, forty times in a row, is small in memory and endless to walk. So whatever walks
 * a whole value, to compare or to hash it, weighs it first.
 */
final class Weight {
    private static final int MAX = 100_000;

    private int count;

    private Weight() {}

    /** Counts, and fails beyond what can be compared in reasonable time. */
    static int of(Value value) {
        Weight weight = new Weight();
        weight.add(value);
        return weight.count;
    }

    private void add(Value value) {
        if (++count > MAX) {
            throw new TemplateFailure("a value holds more than " + MAX + " others, too many to compare");
        }
        switch (value) {
            case Value.Sequence sequence -> sequence.items().forEach(this::add);
            case Value.Dict(Map<Value, Value> entries) ->
                entries.forEach((key, item) -> {
                    add(key);
                    add(item);
                });
            case Value.DictView(String kind, List<Value> items) -> items.forEach(this::add);
            default -> {}
        }
    }
}
