package dev.crema.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Python's operators over template values. */
final class Operators {
    private static final int MAX_POWER_BITS = 100_000;

    private final Budget budget;

    Operators(Budget budget) {
        this.budget = budget;
    }

    enum Kind {
        ADD("+"),
        SUBTRACT("-"),
        MULTIPLY("*"),
        DIVIDE("/"),
        FLOOR_DIVIDE("//"),
        MODULO("%"),
        POWER("**");

        private final String symbol;

        Kind(String symbol) {
            this.symbol = symbol;
        }

        static Kind of(String symbol) {
            for (Kind kind : values()) {
                if (kind.symbol.equals(symbol)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException(symbol);
        }
    }

    static boolean truth(Value value) {
        return switch (value) {
            case Value.None none -> false;
            case Value.Undefined undefined -> false;
            case Value.Bool(boolean flag) -> flag;
            case Value.Int number -> number.value().signum() != 0;
            case Value.Float(double number) -> number != 0;
            case Value.Str string -> !string.text().isEmpty();
            case Value.Sequence sequence -> !sequence.items().isEmpty();
            case Value.Dict(Map<Value, Value> entries) -> !entries.isEmpty();
            case Value.DictView view -> !view.items().isEmpty();
            case Value.Range range -> range.size() > 0;
            case Value.Generator generator -> true;
            case Value.Namespace namespace -> true;
            case Value.HasAttributes object -> true;
            case Value.Callable function -> true;
        };
    }

    /** Fails with the message of a name that is undefined. */
    static void defined(Value... values) {
        for (Value value : values) {
            if (value instanceof Value.Undefined(String message)) {
                throw new TemplateFailure(message);
            }
        }
    }

    Value apply(Kind kind, Value left, Value right) {
        if (kind == Kind.MODULO && left instanceof Value.Str format) {
            return Value.Str.of(PercentFormat.format(format.text(), right, budget));
        }
        defined(left, right);
        if (left instanceof Value.Numeric a && right instanceof Value.Numeric b) {
            return arithmetic(kind, a, b);
        }
        return switch (kind) {
            case ADD -> add(left, right);
            case MULTIPLY -> left instanceof Value.Numeric ? repeat(right, left) : repeat(left, right);
            default -> throw unsupported(kind.symbol, left, right);
        };
    }

    static TemplateFailure unsupported(String symbol, Value left, Value right) {
        return new TemplateFailure(
                "'" + symbol + "' does not work between " + PythonText.type(left) + " and " + PythonText.type(right));
    }

    private Value add(Value left, Value right) {
        if (left instanceof Value.Str a && right instanceof Value.Str b) {
            budget.size((long) a.text().length() + b.text().length());
            boolean safe = a.safe() || b.safe();
            return new Value.Str(safe ? escaped(a) + escaped(b) : a.text() + b.text(), safe);
        }
        if (left instanceof Value.Sequence a
                && right instanceof Value.Sequence b
                && left.getClass() == right.getClass()) {
            budget.size((long) a.items().size() + b.items().size());
            List<Value> items = new ArrayList<>(a.items());
            items.addAll(b.items());
            return a.with(Collections.unmodifiableList(items));
        }
        throw unsupported("+", left, right);
    }

    static String escaped(Value.Str string) {
        return string.safe() ? string.text() : PythonText.escape(string.text());
    }

    private Value repeat(Value subject, Value times) {
        if (!(times instanceof Value.Int || times instanceof Value.Bool)) {
            throw unsupported("*", subject, times);
        }
        long count = Math.max(
                0,
                integer((Value.Numeric) times)
                        .min(BigInteger.valueOf(Integer.MAX_VALUE))
                        .longValue());
        return switch (subject) {
            case Value.Str string -> {
                budget.size(count * string.text().length());
                yield new Value.Str(string.text().isEmpty() ? "" : string.text().repeat((int) count), string.safe());
            }
            case Value.Sequence sequence -> {
                budget.size(count * sequence.items().size());
                List<Value> items = new ArrayList<>();
                for (long i = 0; i < count && !sequence.items().isEmpty(); i++) {
                    items.addAll(sequence.items());
                }
                yield sequence.with(Collections.unmodifiableList(items));
            }
            default -> throw unsupported("*", subject, times);
        };
    }

    private Value arithmetic(Kind kind, Value.Numeric left, Value.Numeric right) {
        boolean decimal = left instanceof Value.Float || right instanceof Value.Float;
        if (kind == Kind.DIVIDE) {
            nonZero(right);
            return new Value.Float(
                    decimal ? left.asDouble() / right.asDouble() : trueDivision(integer(left), integer(right)));
        }
        if (decimal) {
            return new Value.Float(decimal(kind, left.asDouble(), right.asDouble()));
        }
        BigInteger a = integer(left);
        BigInteger b = integer(right);
        budget.size((a.bitLength() + b.bitLength()) / 8);
        return switch (kind) {
            case ADD -> new Value.Int(a.add(b));
            case SUBTRACT -> new Value.Int(a.subtract(b));
            case MULTIPLY -> new Value.Int(a.multiply(b));
            case POWER -> power(a, b);
            default -> {
                nonZero(right);
                BigInteger[] parts = a.divideAndRemainder(b);
                boolean below = parts[1].signum() != 0 && parts[1].signum() != b.signum();
                yield kind == Kind.MODULO
                        ? new Value.Int(below ? parts[1].add(b) : parts[1])
                        : new Value.Int(below ? parts[0].subtract(BigInteger.ONE) : parts[0]);
            }
        };
    }

    private static double trueDivision(BigInteger a, BigInteger b) {
        double x = a.doubleValue();
        double y = b.doubleValue();
        if (a.bitLength() <= 53 && b.bitLength() <= 53) {
            return x / y;
        }
        return new BigDecimal(a)
                .divide(new BigDecimal(b), MathContext.DECIMAL128)
                .doubleValue();
    }

    private static void nonZero(Value.Numeric divisor) {
        if (divisor.asDouble() == 0) {
            throw new TemplateFailure("division by zero");
        }
    }

    private static double decimal(Kind kind, double a, double b) {
        return switch (kind) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case POWER -> Math.pow(a, b);
            default -> {
                nonZero(new Value.Float(b));
                double remainder = a % b;
                double modulo = remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
                yield kind == Kind.MODULO ? modulo : Math.floor((a - modulo) / b + 0.5);
            }
        };
    }

    private static Value power(BigInteger base, BigInteger exponent) {
        if (exponent.signum() < 0) {
            if (base.signum() == 0) {
                throw new TemplateFailure("0 cannot be raised to a negative power");
            }
            return new Value.Float(Math.pow(base.doubleValue(), exponent.doubleValue()));
        }
        if (base.bitLength() > 1
                        && BigInteger.valueOf(base.bitLength())
                                        .multiply(exponent)
                                        .bitLength()
                                > 63
                || base.bitLength() > 1 && base.bitLength() * exponent.doubleValue() > MAX_POWER_BITS) {
            throw new TemplateFailure("'**' makes a number of more than " + MAX_POWER_BITS + " bits");
        }
        int reduced = base.bitLength() > 1 ? exponent.intValueExact() : exponent.testBit(0) ? 1 : 2;
        return new Value.Int(exponent.signum() == 0 ? BigInteger.ONE : base.pow(reduced));
    }

    Value sign(Value operand, boolean negative) {
        defined(operand);
        return switch (operand) {
            case Value.Float(double number) -> new Value.Float(negative ? -number : number);
            case Value.Numeric number ->
                new Value.Int(negative ? integer(number).negate() : integer(number));
            default -> throw new TemplateFailure("a sign does not go before " + PythonText.type(operand));
        };
    }

    /** Gives the whole number that an int or a bool is. */
    static BigInteger integer(Value.Numeric number) {
        return switch (number) {
            case Value.Int whole -> whole.value();
            case Value.Bool(boolean flag) -> flag ? BigInteger.ONE : BigInteger.ZERO;
            case Value.Float decimal -> throw new TemplateFailure("float cannot be used as an integer");
        };
    }

    /** Gives an int that indexes or counts, clamped to the range of Java's. */
    static int index(Value value, String what) {
        defined(value);
        if (value instanceof Value.Int || value instanceof Value.Bool) {
            return integer((Value.Numeric) value)
                    .max(BigInteger.valueOf(Integer.MIN_VALUE))
                    .min(BigInteger.valueOf(Integer.MAX_VALUE))
                    .intValue();
        }
        throw new TemplateFailure(what + " must be an integer, not " + PythonText.type(value));
    }

    boolean holds(String operator, Value left, Value right) {
        return switch (operator) {
            case "==" -> same(left, right);
            case "!=" -> !same(left, right);
            case "in" -> contains(right, left);
            case "not in" -> !contains(right, left);
            default -> {
                defined(left, right);
                if (left instanceof Value.Numeric a && right instanceof Value.Numeric b) {
                    Comparison.Order order = Comparison.order(a, b);
                    yield order != Comparison.Order.UNORDERED
                            && Comparison.inOrder(operator, order.compareTo(Comparison.Order.EQUAL));
                }
                yield Comparison.inOrder(operator, Comparison.compare(left, right));
            }
        };
    }

    private boolean same(Value left, Value right) {
        budget.steps(Weight.of(left));
        return left.equals(right);
    }

    boolean contains(Value container, Value item) {
        return switch (container) {
            case Value.Str string -> {
                if (item instanceof Value.Str part) {
                    yield string.text().contains(part.text());
                }
                defined(item);
                throw new TemplateFailure("'in' text needs text on its left, not " + PythonText.type(item));
            }
            case Value.Dict(Map<Value, Value> entries) -> entries.containsKey(hashable(item));
            default -> {
                List<Value> items = items(container);
                budget.steps((long) Weight.of(item) * items.size());
                yield items.contains(item);
            }
        };
    }

    /** Fails if a value cannot be a dictionary's key. */
    static Value hashable(Value key) {
        if (key instanceof Value.Dict || key instanceof Value.ListValue) {
            throw new TemplateFailure("a " + PythonText.type(key) + " cannot be a dictionary's key");
        }
        if (key instanceof Value.Tuple(List<Value> items)) {
            Weight.of(key);
            items.forEach(Operators::hashable);
        }
        return key;
    }

    /** Walks a value as a {@code for} loop does; a generator is used up. */
    List<Value> items(Value value) {
        List<Value> items = itemsIfAny(value)
                .orElseThrow(() -> new TemplateFailure("a " + PythonText.type(value) + " cannot be iterated"));
        budget.size(items.size());
        return items;
    }

    static Optional<List<Value>> itemsIfAny(Value value) {
        return switch (value) {
            case Value.Undefined undefined -> Optional.of(List.of());
            case Value.Str string -> Optional.of(PythonText.characters(string.text()));
            case Value.Sequence sequence -> Optional.of(sequence.items());
            case Value.Dict(Map<Value, Value> entries) -> Optional.of(List.copyOf(entries.keySet()));
            case Value.DictView view -> Optional.of(view.items());
            case Value.Range range -> Optional.of(range.items());
            case Value.Generator generator -> Optional.of(generator.drain());
            default -> Optional.empty();
        };
    }

    /** Gives {@code len(value)}. */
    static long length(Value value) {
        return switch (value) {
            case Value.Undefined undefined -> 0;
            case Value.Str string -> PythonText.length(string.text());
            case Value.Sequence sequence -> sequence.items().size();
            case Value.Dict(Map<Value, Value> entries) -> entries.size();
            case Value.DictView view -> view.items().size();
            case Value.Range range -> range.size();
            case Loop loop -> loop.length();
            default -> throw new TemplateFailure("a " + PythonText.type(value) + " has no length");
        };
    }
}
