package dev.crema.text.jinja;

import dev.crema.text.jinja.Arguments.Bound;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What can follow {@code |}: Jinja's filters, with {@code tojson} as transformers replaces it. */
final class Filters {
    private static final Set<String> HERE = Set.of(
            "abs", "attr", "count", "d", "default", "first", "float", "int", "items", "last", "length", "list", "round",
            "string", "tojson");

    private final Operators operators;
    private final Members members;
    private final Budget budget;
    private final TextFilters text;
    private final SequenceFilters sequences;

    Filters(Operators operators, Members members, Tests tests, Budget budget) {
        this.operators = operators;
        this.members = members;
        this.budget = budget;
        this.text = new TextFilters(members, budget);
        this.sequences = new SequenceFilters(operators, members, tests, this, budget);
    }

    static boolean exists(String name) {
        return HERE.contains(name) || TextFilters.NAMES.contains(name) || SequenceFilters.NAMES.contains(name);
    }

    Value apply(String name, Value subject, Arguments arguments) {
        if (TextFilters.NAMES.contains(name)) {
            return text.apply(name, subject, arguments);
        }
        if (SequenceFilters.NAMES.contains(name)) {
            return sequences.apply(name, subject, arguments);
        }
        return switch (name) {
            case "default", "d" -> {
                Bound bound = arguments.bind(name, "default_value?", "boolean?");
                boolean replaced =
                        subject instanceof Value.Undefined || bound.flag("boolean") && !Operators.truth(subject);
                yield replaced ? bound.value("default_value", Value.Str.EMPTY) : subject;
            }
            case "tojson" -> toJson(subject, arguments);
            case "attr" ->
                members.attributeOf(subject, arguments.bind(name, "name").text("name"))
                        .orElseGet(
                                () -> new Value.Undefined("a " + PythonText.type(subject) + " has no such attribute"));
            case "int" -> toInt(subject, arguments);
            case "float" -> {
                Value otherwise = arguments.bind(name, "default?").value("default", new Value.Float(0));
                yield number(subject)
                        .map(value -> (Value) new Value.Float(value))
                        .orElse(otherwise);
            }
            case "round" -> round(subject, arguments);
            default -> plain(name, subject, arguments);
        };
    }

    private Value plain(String name, Value subject, Arguments arguments) {
        arguments.bind(name);
        return switch (name) {
            case "length", "count" -> Value.Int.of(Operators.length(subject));
            case "string" -> subject instanceof Value.Str ? subject : Value.Str.of(PythonText.str(subject));
            case "list" -> new Value.ListValue(operators.items(subject));
            case "items" ->
                switch (subject) {
                    case Value.Undefined undefined -> new Value.Generator(List.of());
                    case Value.Dict dict -> new Value.Generator(CollectionMethods.pairs(dict));
                    default -> throw new TemplateFailure("items needs a dictionary, not " + PythonText.type(subject));
                };
            case "first" -> {
                Value none = new Value.Undefined("there is no first item, the sequence is empty");
                if (subject instanceof Value.Generator generator) {
                    yield generator.next(none);
                }
                yield operators.items(subject).stream().findFirst().orElse(none);
            }
            case "last" -> {
                if (subject instanceof Value.Generator) {
                    throw new TemplateFailure("last cannot walk a generator from its end; add '| list' before it");
                }
                List<Value> items = operators.items(subject);
                yield items.isEmpty()
                        ? new Value.Undefined("there is no last item, the sequence is empty")
                        : items.getLast();
            }
            case "abs" ->
                switch (subject) {
                    case Value.Float(double value) -> new Value.Float(Math.abs(value));
                    case Value.Numeric value ->
                        new Value.Int(Operators.integer(value).abs());
                    default -> throw new TemplateFailure("abs needs a number, not " + PythonText.type(subject));
                };
            default -> throw new TemplateFailure("there is no filter named '" + name + "'");
        };
    }

    private Value toJson(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("tojson", "ensure_ascii?", "indent?", "separators?", "sort_keys?");
        boolean indented = bound.has("indent");
        String indent = !indented
                ? Json.NO_INDENT
                : bound.value("indent") instanceof Value.Str string ? string.text() : spaces(bound.number("indent"));
        String item = indented ? "," : ", ";
        String key = ": ";
        if (bound.has("separators")) {
            List<Value> pair = operators.items(bound.value("separators"));
            if (pair.size() != 2 || !pair.stream().allMatch(Value.Str.class::isInstance)) {
                throw new TemplateFailure("tojson() needs two strings as separators");
            }
            item = PythonText.str(pair.getFirst());
            key = PythonText.str(pair.getLast());
        }
        Json json = new Json(bound.flag("ensure_ascii"), indent, item, key, bound.flag("sort_keys"), budget);
        return Value.Str.of(json.write(subject));
    }

    private String spaces(int count) {
        budget.size(count);
        return " ".repeat(Math.max(0, count));
    }

    private static Value toInt(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("int", "default?", "base?");
        Value otherwise = bound.value("default", Value.Int.of(0));
        if (subject instanceof Value.Str string) {
            Optional<Value> whole = Numbers.parseInt(string.text(), bound.number("base", 10));
            if (whole.isPresent()) {
                return whole.get();
            }
        }
        if (subject instanceof Value.Numeric exact && !(subject instanceof Value.Float)) {
            return new Value.Int(Operators.integer(exact));
        }
        return number(subject)
                .filter(value -> !value.isNaN() && !value.isInfinite())
                .map(value -> (Value) Value.truncate(value))
                .orElse(otherwise);
    }

    /** Gives {@code float(value)}, or nothing where Python would raise. */
    private static Optional<Double> number(Value value) {
        Operators.defined(value);
        return switch (value) {
            case Value.Numeric number -> Optional.of(number.asDouble());
            case Value.Str string -> Numbers.parseFloat(string.text());
            default -> Optional.empty();
        };
    }

    private static Value round(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("round", "precision?", "method?");
        int precision = bound.number("precision", 0);
        String method = bound.text("method", "common");
        if (!(subject instanceof Value.Numeric number)) {
            throw new TemplateFailure("round needs a number, not " + PythonText.type(subject));
        }
        return Numbers.round(number, precision, method);
    }
}
