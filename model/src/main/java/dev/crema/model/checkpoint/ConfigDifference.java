package dev.crema.model.checkpoint;

import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Optional;

/** Finds where two configurations differ by more than a number of 32 bits can tell. */
final class ConfigDifference {
    private ConfigDifference() {}

    /** Returns the first part that differs, such as {@code attention.scale is 0.5, not 0.25}; nothing if none does. */
    static Optional<String> find(Record one, Record other) {
        return find("", one, other);
    }

    private static Optional<String> find(String path, Object one, Object other) {
        if (one instanceof Double a && other instanceof Double b) return told(path, a, b, close(a, b));
        if (one instanceof List<?> a && other instanceof List<?> b && a.size() == b.size()) {
            for (int i = 0; i < a.size(); i++) {
                Optional<String> found = find(path + "[" + i + "]", a.get(i), b.get(i));
                if (found.isPresent()) return found;
            }
            return Optional.empty();
        }
        if (!(one instanceof Record) || one.getClass() != other.getClass()) {
            return told(path, one, other, one.equals(other));
        }
        for (RecordComponent component : one.getClass().getRecordComponents()) {
            String name = (path.isEmpty() ? "" : path + ".") + component.getName();
            Optional<String> found = find(name, value(component, one), value(component, other));
            if (found.isPresent()) return found;
        }
        return Optional.empty();
    }

    private static Object value(RecordComponent component, Object of) {
        try {
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean close(double one, double other) {
        return Math.abs(one - other) <= 1e-6 * Math.max(Math.abs(one), Math.abs(other));
    }

    private static Optional<String> told(String path, Object one, Object other, boolean same) {
        return same ? Optional.empty() : Optional.of(path + " is " + one + ", not " + other);
    }
}
