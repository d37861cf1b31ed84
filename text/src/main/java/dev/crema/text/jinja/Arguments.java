package dev.crema.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The arguments of a call: by position, then by name. */
record Arguments(List<Value> positional, Map<String, Value> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    static Arguments of(Value... positional) {
        return new Arguments(List.of(positional), Map.of());
    }

    int count() {
        return positional.size() + named.size();
    }

    /** Drops the first {@code count} positional arguments. */
    Arguments skip(int count) {
        return new Arguments(positional.subList(count, positional.size()), named);
    }

    /**
     * Assigns the arguments to a Python signature.
     *
     * @param function the function's name, for errors
     * @param parameters names in order; one that ends in {@code ?} can be left out
     */
    Bound bind(String function, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new TemplateFailure(
                    function + "() takes at most " + parameters.length + " arguments, got " + positional.size());
        }
        Map<String, Value> values = new LinkedHashMap<>();
        Map<String, Value> rest = new LinkedHashMap<>(named);
        List<String> missing = new ArrayList<>();
        for (int i = 0; i < parameters.length; i++) {
            boolean optional = parameters[i].endsWith("?");
            String name = optional ? parameters[i].substring(0, parameters[i].length() - 1) : parameters[i];
            if (i < positional.size()) {
                if (rest.containsKey(name)) {
                    throw new TemplateFailure(function + "() got two values for '" + name + "'");
                }
                values.put(name, positional.get(i));
            } else if (rest.containsKey(name)) {
                values.put(name, rest.remove(name));
            } else if (!optional) {
                missing.add(name);
            }
        }
        if (!missing.isEmpty()) {
            throw new TemplateFailure(function + "() needs the argument '" + missing.getFirst() + "'");
        }
        if (!rest.isEmpty()) {
            throw new TemplateFailure(function + "() takes no argument '"
                    + rest.keySet().iterator().next() + "'");
        }
        return new Bound(function, values);
    }

    /** Assigns the arguments to a signature of Python's that takes none by name. */
    Bound bindPositional(String function, String... parameters) {
        if (!named.isEmpty()) {
            throw new TemplateFailure(function + "() takes no arguments by name");
        }
        return bind(function, parameters);
    }

    /** Arguments by parameter name; one that is left out or None takes its default. */
    record Bound(String function, Map<String, Value> values) {
        boolean has(String name) {
            return values.getOrDefault(name, Value.None.NONE) != Value.None.NONE;
        }

        Value value(String name) {
            return values.getOrDefault(name, Value.None.NONE);
        }

        Value value(String name, Value otherwise) {
            return values.getOrDefault(name, otherwise);
        }

        boolean flag(String name) {
            return values.containsKey(name) && Operators.truth(values.get(name));
        }

        String text(String name) {
            return switch (value(name)) {
                case Value.Str string -> string.text();
                case Value other ->
                    throw new TemplateFailure(
                            function + "() needs text for '" + name + "', got " + PythonText.type(other));
            };
        }

        String text(String name, String otherwise) {
            return has(name) ? text(name) : otherwise;
        }

        int number(String name) {
            return Operators.index(value(name), function + "() argument '" + name + "'");
        }

        int number(String name, int otherwise) {
            return has(name) ? number(name) : otherwise;
        }
    }
}
