package dev.crema.cli.recipe;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A YAML value that remembers where it was written. */
sealed interface Node {
    Origin origin();

    /** Text that nobody has interpreted yet: what it means depends on the setting it is for. */
    record Text(Origin origin, String text) implements Node {}

    /** A key without a value, {@code null} or {@code ~}. */
    record Nothing(Origin origin) implements Node {}

    /** Values in order. */
    record Sequence(Origin origin, List<Node> items) implements Node {
        public Sequence {
            items = List.copyOf(items);
        }
    }

    /** Values by key, in the order they were written. */
    record Mapping(Origin origin, Map<String, Node> entries) implements Node {
        public Mapping {
            entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        }

        Mapping with(String key, Node value) {
            var changed = new LinkedHashMap<>(entries);
            changed.put(key, value);
            return new Mapping(origin, changed);
        }

        Mapping without(String key) {
            var changed = new LinkedHashMap<>(entries);
            changed.remove(key);
            return new Mapping(origin, changed);
        }
    }
}
