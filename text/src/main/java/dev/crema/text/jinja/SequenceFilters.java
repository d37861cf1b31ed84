package dev.crema.text.jinja;

import dev.crema.text.jinja.Arguments.Bound;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** The filters that walk a sequence. */
final class SequenceFilters {
    static final Set<String> NAMES = Set.of(
            "batch",
            "dictsort",
            "groupby",
            "join",
            "map",
            "max",
            "min",
            "reject",
            "rejectattr",
            "reverse",
            "select",
            "selectattr",
            "slice",
            "sort",
            "sum",
            "unique");

    private final Operators operators;
    private final Members members;
    private final Tests tests;
    private final Filters filters;
    private final Budget budget;

    SequenceFilters(Operators operators, Members members, Tests tests, Filters filters, Budget budget) {
        this.operators = operators;
        this.members = members;
        this.tests = tests;
        this.filters = filters;
        this.budget = budget;
    }

    Value apply(String name, Value subject, Arguments arguments) {
        return switch (name) {
            case "join" -> join(subject, arguments);
            case "map" -> map(subject, arguments);
            case "select", "reject", "selectattr", "rejectattr" -> select(name, subject, arguments);
            case "reverse" -> reverse(subject, arguments);
            case "sort" -> sort(subject, arguments);
            case "dictsort" -> dictSort(subject, arguments);
            case "unique" -> unique(subject, arguments);
            case "min", "max" -> extreme(name, subject, arguments);
            case "sum" -> sum(subject, arguments);
            case "batch" -> batch(subject, arguments);
            case "slice" -> slice(subject, arguments);
            default -> groupBy(subject, arguments);
        };
    }

    private Value join(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("join", "d?", "attribute?");
        String separator = PythonText.str(bound.value("d", Value.Str.EMPTY));
        UnaryOperator<Value> getter = getter(bound.value("attribute"), Value.None.NONE);
        StringBuilder out = new StringBuilder();
        boolean first = true;
        for (Value item : operators.items(subject)) {
            out.append(first ? "" : separator).append(PythonText.str(getter.apply(item)));
            budget.grow(out.length());
            first = false;
        }
        budget.size(out.length());
        return Value.Str.of(out.toString());
    }

    /** Reads an attribute path such as {@code "a.0.b"} of an item; None stands for the item itself. */
    private UnaryOperator<Value> getter(Value attribute, Value otherwise) {
        List<Value> path = path(attribute);
        return item -> {
            Value reached = item;
            for (Value part : path) {
                reached = members.item(reached, part);
                if (otherwise != Value.None.NONE && reached instanceof Value.Undefined) {
                    reached = otherwise;
                }
            }
            return reached;
        };
    }

    private static List<Value> path(Value attribute) {
        if (!(attribute instanceof Value.Str string)) {
            return attribute == Value.None.NONE ? List.of() : List.of(attribute);
        }
        List<Value> path = new ArrayList<>();
        for (String part : string.text().split("\\.", -1)) {
            path.add(part.matches("\\d{1,9}") ? Value.Int.of(Long.parseLong(part)) : Value.Str.of(part));
        }
        return path;
    }

    private static Value ignoreCase(Value value) {
        return value instanceof Value.Str string ? Value.Str.of(string.text().toLowerCase(Locale.ROOT)) : value;
    }

    private UnaryOperator<Value> key(Bound bound, String attribute) {
        UnaryOperator<Value> getter = getter(bound.value(attribute), bound.value("default"));
        return bound.flag("case_sensitive") ? getter : item -> ignoreCase(getter.apply(item));
    }

    private Value map(Value subject, Arguments arguments) {
        if (!Operators.truth(subject)) {
            return new Value.Generator(List.of());
        }
        UnaryOperator<Value> function;
        if (arguments.positional().isEmpty()) {
            Bound bound = arguments.bind("map", "attribute", "default?");
            function = getter(bound.value("attribute"), bound.value("default"));
        } else {
            String filter = PythonText.str(arguments.positional().getFirst());
            function = item -> filters.apply(filter, item, arguments.skip(1));
        }
        return new Value.Generator(operators.items(subject).stream()
                .map(this::counted)
                .map(function)
                .toList());
    }

    private Value counted(Value item) {
        budget.step();
        return item;
    }

    private Value select(String name, Value subject, Arguments arguments) {
        if (!Operators.truth(subject)) {
            return new Value.Generator(List.of());
        }
        boolean byAttribute = name.endsWith("attr");
        if (byAttribute && arguments.positional().isEmpty()) {
            throw new TemplateFailure(name + " needs the name of an attribute");
        }
        UnaryOperator<Value> getter =
                byAttribute ? getter(arguments.positional().getFirst(), Value.None.NONE) : UnaryOperator.identity();
        Arguments rest = arguments.skip(byAttribute ? 1 : 0);
        Predicate<Value> test = rest.positional().isEmpty()
                ? Operators::truth
                : item -> tests.holds(PythonText.str(rest.positional().getFirst()), item, rest.skip(1));
        boolean wanted = name.startsWith("select");
        return new Value.Generator(operators.items(subject).stream()
                .map(this::counted)
                .filter(item -> test.test(getter.apply(item)) == wanted)
                .toList());
    }

    private Value reverse(Value subject, Arguments arguments) {
        arguments.bind("reverse");
        if (subject instanceof Value.Str) {
            return Slices.slice(subject, Value.None.NONE, Value.None.NONE, Value.Int.of(-1));
        }
        List<Value> items = operators.items(subject).reversed();
        return subject instanceof Value.Generator
                ? new Value.ListValue(List.copyOf(items))
                : new Value.Generator(List.copyOf(items));
    }

    private Value sort(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("sort", "reverse?", "case_sensitive?", "attribute?");
        List<UnaryOperator<Value>> keys = new ArrayList<>();
        List<Value> attributes = bound.value("attribute") instanceof Value.Str string
                ? Splitting.bySeparator(string.text(), ",", -1, false).stream()
                        .map(part -> (Value) Value.Str.of(part))
                        .toList()
                : List.of(bound.value("attribute"));
        for (Value attribute : attributes) {
            UnaryOperator<Value> getter = getter(attribute, Value.None.NONE);
            keys.add(bound.flag("case_sensitive") ? getter : item -> ignoreCase(getter.apply(item)));
        }
        UnaryOperator<Value> key = item ->
                new Value.ListValue(keys.stream().map(one -> one.apply(item)).toList());
        return new Value.ListValue(sorted(operators.items(subject), key, bound.flag("reverse")));
    }

    private List<Value> sorted(List<Value> items, UnaryOperator<Value> key, boolean reverse) {
        record Keyed(Value key, Value item) {}
        Comparator<Keyed> order = (a, b) -> {
            budget.steps(Weight.of(a.key()));
            return Comparison.compare(a.key(), b.key());
        };
        return items.stream()
                .map(item -> new Keyed(key.apply(item), item))
                .sorted(reverse ? order.reversed() : order)
                .map(Keyed::item)
                .toList();
    }

    private Value dictSort(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("dictsort", "case_sensitive?", "by?", "reverse?");
        Operators.defined(subject);
        if (!(subject instanceof Value.Dict dict)) {
            throw new TemplateFailure("dictsort needs a dictionary, not " + PythonText.type(subject));
        }
        int position = switch (bound.text("by", "key")) {
            case "key" -> 0;
            case "value" -> 1;
            default -> throw new TemplateFailure("dictsort sorts by 'key' or 'value'");
        };
        UnaryOperator<Value> key = pair -> {
            Value part = ((Value.Tuple) pair).items().get(position);
            return bound.flag("case_sensitive") ? part : ignoreCase(part);
        };
        return new Value.ListValue(sorted(CollectionMethods.pairs(dict), key, bound.flag("reverse")));
    }

    private Value unique(Value subject, Arguments arguments) {
        UnaryOperator<Value> key = key(arguments.bind("unique", "case_sensitive?", "attribute?"), "attribute");
        Set<Value> seen = new HashSet<>();
        return new Value.Generator(operators.items(subject).stream()
                .filter(item -> seen.add(Operators.hashable(key.apply(item))))
                .toList());
    }

    private Value extreme(String name, Value subject, Arguments arguments) {
        UnaryOperator<Value> key = key(arguments.bind(name, "case_sensitive?", "attribute?"), "attribute");
        List<Value> items = operators.items(subject);
        if (items.isEmpty()) {
            return new Value.Undefined("there is no " + name + ", the sequence is empty");
        }
        Value best = items.getFirst();
        for (Value item : items) {
            int sign = Comparison.compare(key.apply(item), key.apply(best));
            if (name.equals("min") ? sign < 0 : sign > 0) {
                best = item;
            }
        }
        return best;
    }

    private Value sum(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("sum", "attribute?", "start?");
        UnaryOperator<Value> getter = getter(bound.value("attribute"), Value.None.NONE);
        Value total = bound.value("start", Value.Int.of(0));
        for (Value item : operators.items(subject)) {
            total = operators.apply(Operators.Kind.ADD, total, getter.apply(item));
        }
        return total;
    }

    private Value batch(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("batch", "linecount", "fill_with?");
        int size = bound.number("linecount");
        List<Value> items = operators.items(subject);
        List<Value> batches = new ArrayList<>();
        for (int start = 0; start < items.size(); start += Math.max(1, size)) {
            List<Value> batch = new ArrayList<>(items.subList(
                    start, (int) Math.min(items.size(), (long) start + Math.max(1, size))));
            budget.size(Math.max(0, size));
            while (bound.has("fill_with") && batch.size() < size) {
                batch.add(bound.value("fill_with"));
            }
            batches.add(new Value.ListValue(Collections.unmodifiableList(batch)));
        }
        return new Value.Generator(batches);
    }

    private Value slice(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("slice", "slices", "fill_with?");
        int count = bound.number("slices");
        if (count == 0) {
            throw new TemplateFailure("slice needs at least one slice");
        }
        budget.size(Math.max(0, count));
        List<Value> items = operators.items(subject);
        List<Value> slices = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < count; i++) {
            boolean longer = i < items.size() % count;
            int end = start + items.size() / count + (longer ? 1 : 0);
            List<Value> slice = new ArrayList<>(items.subList(start, end));
            if (bound.has("fill_with") && !longer) {
                slice.add(bound.value("fill_with"));
            }
            slices.add(new Value.ListValue(Collections.unmodifiableList(slice)));
            start = end;
        }
        return new Value.Generator(slices);
    }

    private Value groupBy(Value subject, Arguments arguments) {
        Bound bound = arguments.bind("groupby", "attribute", "default?", "case_sensitive?");
        UnaryOperator<Value> key = key(bound, "attribute");
        UnaryOperator<Value> label = getter(bound.value("attribute"), bound.value("default"));
        List<Value> sorted = sorted(operators.items(subject), key, false);
        List<Value> groups = new ArrayList<>();
        int start = 0;
        for (int i = 1; i <= sorted.size(); i++) {
            if (i == sorted.size() || !key.apply(sorted.get(i)).equals(key.apply(sorted.get(start)))) {
                groups.add(Value.Tuple.of(
                        label.apply(sorted.get(start)), new Value.ListValue(List.copyOf(sorted.subList(start, i)))));
                start = i;
            }
        }
        return new Value.ListValue(groups);
    }
}
