package dev.crema.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reaches into values: {@code object.name} and {@code object[key]}, within what the sandbox allows. */
final class Members {
    private final Budget budget;

    Members(Budget budget) {
        this.budget = budget;
    }

    /** Gives {@code object.name}: an attribute first, then an item. */
    Value attribute(Value object, String name) {
        Operators.defined(object);
        return attributeOf(object, name).orElseGet(() -> itemOf(object, Value.Str.of(name), name));
    }

    /** Gives {@code object[key]}: an item first, then an attribute. */
    Value item(Value object, Value key) {
        Operators.defined(object);
        Value item = itemOf(object, key, PythonText.str(key));
        if (item instanceof Value.Undefined && key instanceof Value.Str name) {
            return attributeOf(object, name.text()).orElse(item);
        }
        return item;
    }

    /** Gives an attribute or method alone, never an item. */
    Optional<Value> attributeOf(Value object, String name) {
        if (name.startsWith("__")) {
            return Optional.of(unsafe(object, name));
        }
        return switch (object) {
            case Value.Namespace namespace ->
                Optional.ofNullable(namespace.attributes().get(name));
            case Value.HasAttributes holder -> holder.attribute(name);
            case Value.Str string
            when StringMethods.exists(name) ->
                Optional.of((Value.Callable) call -> new StringMethods(string.text(), this, budget).call(name, call));
            case Value.Dict dict when CollectionMethods.ofDict(name) -> Optional.of(method(dict, name));
            case Value.ListValue list when CollectionMethods.ofList(name) -> Optional.of(method(list, name));
            case Value.Tuple tuple when CollectionMethods.ofTuple(name) -> Optional.of(method(tuple, name));
            default -> Optional.empty();
        };
    }

    private static Value method(Value object, String name) {
        return CollectionMethods.changes(name)
                ? unsafe(object, name)
                : (Value.Callable) arguments -> CollectionMethods.call(object, name, arguments);
    }

    private static Value unsafe(Value object, String name) {
        return new Value.Undefined("a template may not use '" + name + "' of a " + PythonText.type(object)
                + "; it changes or exposes what the template was given");
    }

    private static Value itemOf(Value object, Value key, String shown) {
        Value missing = new Value.Undefined("a " + PythonText.type(object) + " has no '" + shown + "'");
        return switch (object) {
            case Value.Dict(Map<Value, Value> entries) ->
                key instanceof Value.Dict || key instanceof Value.ListValue
                        ? missing
                        : entries.getOrDefault(key, missing);
            case Value.Sequence sequence -> at(sequence.items(), key, missing);
            case Value.Range range -> at(range.items(), key, missing);
            case Value.Str string -> string.text().isEmpty() ? missing : character(string.text(), key, missing);
            default -> missing;
        };
    }

    private static Value character(String text, Value key, Value missing) {
        return key instanceof Value.Int || key instanceof Value.Bool
                ? at(PythonText.characters(text), key, missing)
                : missing;
    }

    private static Value at(List<Value> items, Value key, Value missing) {
        if (!(key instanceof Value.Int || key instanceof Value.Bool)) {
            return missing;
        }
        int index = Operators.index(key, "an index");
        long absolute = index < 0 ? (long) index + items.size() : index;
        return absolute >= 0 && absolute < items.size() ? items.get((int) absolute) : missing;
    }
}
