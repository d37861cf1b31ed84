package dev.crema.text.jinja;

import java.util.Set;

/** What can follow {@code is}. */
final class Tests {
    private static final Set<String> NAMES = Set.of(
            "odd",
            "even",
            "divisibleby",
            "defined",
            "undefined",
            "filter",
            "test",
            "none",
            "boolean",
            "false",
            "true",
            "integer",
            "float",
            "lower",
            "upper",
            "string",
            "mapping",
            "number",
            "sequence",
            "iterable",
            "callable",
            "sameas",
            "escaped",
            "in",
            "==",
            "eq",
            "equalto",
            "!=",
            "ne",
            ">",
            "gt",
            "greaterthan",
            "ge",
            ">=",
            "<",
            "lt",
            "lessthan",
            "<=",
            "le");

    private final Operators operators;

    Tests(Operators operators) {
        this.operators = operators;
    }

    static boolean exists(String name) {
        return NAMES.contains(name);
    }

    boolean holds(String name, Value subject, Arguments arguments) {
        if (!exists(name)) {
            throw new TemplateFailure("there is no test named '" + name + "'");
        }
        return switch (name) {
            case "in" -> operators.contains(other(name, arguments), subject);
            case "==", "eq", "equalto" -> operators.holds("==", subject, other(name, arguments));
            case "!=", "ne" -> operators.holds("!=", subject, other(name, arguments));
            case ">", "gt", "greaterthan" -> operators.holds(">", subject, other(name, arguments));
            case ">=", "ge" -> operators.holds(">=", subject, other(name, arguments));
            case "<", "lt", "lessthan" -> operators.holds("<", subject, other(name, arguments));
            case "<=", "le" -> operators.holds("<=", subject, other(name, arguments));
            case "sameas" -> same(subject, other(name, arguments));
            case "divisibleby" -> remainder(subject, other(name, arguments)).equals(Value.Int.of(0));
            case "odd" -> remainder(subject, Value.Int.of(2)).equals(Value.Int.of(1));
            case "even" -> remainder(subject, Value.Int.of(2)).equals(Value.Int.of(0));
            default -> {
                arguments.bind("test '" + name + "'");
                yield kind(name, subject);
            }
        };
    }

    private static Value other(String name, Arguments arguments) {
        return arguments.bind("test '" + name + "'", "other").value("other");
    }

    private Value remainder(Value subject, Value divisor) {
        return operators.apply(Operators.Kind.MODULO, subject, divisor);
    }

    @SuppressWarnings("ReferenceEquality") // Python's 'is' asks for the same object.
    private static boolean same(Value left, Value right) {
        return switch (left) {
            case Value.Numeric number -> left.getClass() == right.getClass() && left.equals(right);
            case Value.Str string -> left.equals(right);
            default -> left == right;
        };
    }

    private static boolean kind(String name, Value subject) {
        return switch (name) {
            case "defined" -> !(subject instanceof Value.Undefined);
            case "undefined" -> subject instanceof Value.Undefined;
            case "none" -> subject == Value.None.NONE;
            case "boolean" -> subject instanceof Value.Bool;
            case "true" -> subject instanceof Value.Bool(boolean flag) && flag;
            case "false" -> subject instanceof Value.Bool(boolean flag) && !flag;
            case "integer" -> subject instanceof Value.Int;
            case "float" -> subject instanceof Value.Float;
            case "number" -> subject instanceof Value.Numeric;
            case "string" -> subject instanceof Value.Str;
            case "mapping" -> subject instanceof Value.Dict;
            case "lower" -> StringMethods.isLower(PythonText.str(subject));
            case "upper" -> StringMethods.isUpper(PythonText.str(subject));
            case "escaped" -> subject instanceof Value.Str string && string.safe();
            case "callable" -> subject instanceof Value.Callable || subject instanceof Value.Undefined;
            case "filter" -> Filters.exists(PythonText.str(subject));
            case "test" -> exists(PythonText.str(subject));
            // An undefined value answers to both protocols in Jinja, with nothing inside.
            case "sequence" ->
                subject instanceof Value.Str
                        || subject instanceof Value.Sequence
                        || subject instanceof Value.Dict
                        || subject instanceof Value.Range
                        || subject instanceof Value.Undefined;
            default ->
                subject instanceof Value.Generator
                        || subject instanceof Loop
                        || Operators.itemsIfAny(subject).isPresent();
        };
    }
}
