package dev.crema.text.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The functions that every template can call. */
final class Globals {
    private static final int MAX_RANGE = 100_000;

    private final Operators operators;
    private final Clock clock;

    Globals(Operators operators, Clock clock) {
        this.operators = operators;
        this.clock = clock;
    }

    Map<String, Value> names() {
        Map<String, Value> names = new HashMap<>();
        names.put("range", (Value.Callable) Globals::range);
        names.put("dict", new DictFunction());
        names.put("namespace", (Value.Callable) this::namespace);
        names.put("cycler", (Value.Callable) arguments -> new Cycler(arguments.positional()));
        names.put("joiner", (Value.Callable) Globals::joiner);
        names.put("raise_exception", (Value.Callable) Globals::raise);
        names.put("strftime_now", (Value.Callable) this::now);
        return names;
    }

    private static Value raise(Arguments arguments) {
        throw new TemplateFailure(
                PythonText.str(arguments.bind("raise_exception", "message").value("message")));
    }

    private Value now(Arguments arguments) {
        String format = arguments.bind("strftime_now", "format").text("format");
        return Value.Str.of(Strftime.format(format, ZonedDateTime.now(clock)));
    }

    private static Value range(Arguments arguments) {
        List<Value> bounds = arguments.positional();
        if (bounds.isEmpty() || bounds.size() > 3 || !arguments.named().isEmpty()) {
            throw new TemplateFailure("range() takes one to three integers");
        }
        int first = Operators.index(bounds.getFirst(), "a range's bound");
        int second = bounds.size() < 2 ? 0 : Operators.index(bounds.get(1), "a range's bound");
        int step = bounds.size() < 3 ? 1 : Operators.index(bounds.get(2), "a range's step");
        if (step == 0) {
            throw new TemplateFailure("a range's step cannot be 0");
        }
        Value.Range range = bounds.size() == 1 ? new Value.Range(0, first, 1) : new Value.Range(first, second, step);
        if (range.size() > MAX_RANGE) {
            throw new TemplateFailure(
                    "range() makes " + range.size() + " numbers, more than the " + MAX_RANGE + " allowed");
        }
        return range;
    }

    private Value namespace(Arguments arguments) {
        Value.Namespace namespace = new Value.Namespace();
        entries("namespace", arguments)
                .forEach((key, value) -> namespace.attributes().put(attributeName(PythonText.str(key)), value));
        return namespace;
    }

    /** Checks a name that a template stores on a namespace. */
    static String attributeName(String name) {
        if (name.startsWith("_")) {
            throw new TemplateFailure(
                    "a namespace takes no name that starts with an underscore, such as '" + name + "'");
        }
        return name;
    }

    /** Reads the arguments of Python's {@code dict()}: a mapping or pairs, then names. */
    private LinkedHashMap<Value, Value> entries(String function, Arguments arguments) {
        LinkedHashMap<Value, Value> entries = new LinkedHashMap<>();
        if (arguments.positional().size() > 1) {
            throw new TemplateFailure(function + "() takes one dictionary or list of pairs");
        }
        for (Value source : arguments.positional()) {
            List<Value> pairs =
                    source instanceof Value.Dict dict ? CollectionMethods.pairs(dict) : operators.items(source);
            for (Value pair : pairs) {
                List<Value> parts = operators.items(pair);
                if (parts.size() != 2) {
                    throw new TemplateFailure(function + "() needs pairs, got " + parts.size() + " values together");
                }
                entries.put(Operators.hashable(parts.getFirst()), parts.getLast());
            }
        }
        arguments.named().forEach((name, value) -> entries.put(Value.Str.of(name), value));
        return entries;
    }

    static Value fromKeys(Arguments arguments) {
        Arguments.Bound bound = arguments.bind("fromkeys", "iterable", "value?");
        LinkedHashMap<Value, Value> entries = new LinkedHashMap<>();
        Operators.itemsIfAny(bound.value("iterable"))
                .orElseThrow(() -> new TemplateFailure("fromkeys() needs keys to iterate"))
                .forEach(key -> entries.put(Operators.hashable(key), bound.value("value")));
        return Value.dict(entries);
    }

    private static Value joiner(Arguments arguments) {
        Value separator = arguments.bind("joiner", "sep?").value("sep", Value.Str.of(", "));
        boolean[] used = {false};
        return (Value.Callable) none -> {
            Value result = used[0] ? separator : Value.Str.EMPTY;
            used[0] = true;
            return result;
        };
    }

    private final class DictFunction implements Value.HasAttributes, Value.Callable {
        @Override
        public Value call(Arguments arguments) {
            return Value.dict(entries("dict", arguments));
        }

        @Override
        public Optional<Value> attribute(String name) {
            return name.equals("fromkeys") ? Optional.of((Value.Callable) Globals::fromKeys) : Optional.empty();
        }
    }

    private static final class Cycler implements Value.HasAttributes {
        private final List<Value> items;
        private int position;

        Cycler(List<Value> items) {
            if (items.isEmpty()) {
                throw new TemplateFailure("cycler() needs something to cycle through");
            }
            this.items = new ArrayList<>(items);
        }

        @Override
        public Optional<Value> attribute(String name) {
            return switch (name) {
                case "current" -> Optional.of(items.get(position));
                case "next" ->
                    Optional.of((Value.Callable) none -> {
                        Value now = items.get(position);
                        position = (position + 1) % items.size();
                        return now;
                    });
                case "reset" ->
                    Optional.of((Value.Callable) none -> {
                        position = 0;
                        return Value.None.NONE;
                    });
                default -> Optional.empty();
            };
        }
    }
}
