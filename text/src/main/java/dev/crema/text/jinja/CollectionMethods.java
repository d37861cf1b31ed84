package dev.crema.text.jinja;

import dev.crema.text.jinja.Arguments.Bound;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The methods of Python's {@code dict}, {@code list} and {@code tuple}. */
final class CollectionMethods {
    private static final Set<String> OF_TUPLE = Set.of("count", "index");
    private static final Set<String> OF_LIST =
            Set.of("count", "index", "copy", "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
    private static final Set<String> OF_DICT = Set.of(
            "get", "items", "keys", "values", "copy", "fromkeys", "clear", "pop", "popitem", "setdefault", "update");
    private static final Set<String> CHANGES = Set.of(
            "append",
            "clear",
            "extend",
            "insert",
            "pop",
            "popitem",
            "remove",
            "reverse",
            "setdefault",
            "sort",
            "update");

    private CollectionMethods() {}

    static boolean ofTuple(String name) {
        return OF_TUPLE.contains(name);
    }

    static boolean ofList(String name) {
        return OF_LIST.contains(name);
    }

    static boolean ofDict(String name) {
        return OF_DICT.contains(name);
    }

    /** Whether a method would change its object, which the sandbox refuses. */
    static boolean changes(String name) {
        return CHANGES.contains(name);
    }

    static Value call(Value object, String name, Arguments arguments) {
        return object instanceof Value.Dict dict
                ? onDict(dict, name, arguments)
                : onSequence((Value.Sequence) object, name, arguments);
    }

    private static Value onDict(Value.Dict dict, String name, Arguments arguments) {
        Map<Value, Value> entries = dict.entries();
        if (name.equals("get")) {
            Bound bound = arguments.bindPositional(name, "key", "default?");
            return entries.getOrDefault(Operators.hashable(bound.value("key")), bound.value("default"));
        }
        if (name.equals("fromkeys")) {
            return Globals.fromKeys(arguments);
        }
        arguments.bindPositional(name);
        return switch (name) {
            case "keys" -> new Value.DictView("keys", List.copyOf(entries.keySet()));
            case "values" -> new Value.DictView("values", List.copyOf(entries.values()));
            case "items" -> new Value.DictView("items", pairs(dict));
            default -> dict;
        };
    }

    /** Gives a dictionary's entries as tuples. */
    static List<Value> pairs(Value.Dict dict) {
        List<Value> pairs = new ArrayList<>(dict.entries().size());
        dict.entries().forEach((key, value) -> pairs.add(Value.Tuple.of(key, value)));
        return List.copyOf(pairs);
    }

    private static Value onSequence(Value.Sequence sequence, String name, Arguments arguments) {
        List<Value> items = sequence.items();
        arguments.positional().forEach(Weight::of);
        return switch (name) {
            case "count" -> {
                Value wanted = arguments.bindPositional(name, "value").value("value");
                yield Value.Int.of(items.stream().filter(wanted::equals).count());
            }
            case "index" -> {
                Bound bound = arguments.bindPositional(name, "value", "start?", "stop?");
                int at = items.indexOf(bound.value("value"));
                if (at < 0) {
                    throw new TemplateFailure("index() does not find " + PythonText.repr(bound.value("value")));
                }
                yield Value.Int.of(at);
            }
            default -> sequence;
        };
    }
}
