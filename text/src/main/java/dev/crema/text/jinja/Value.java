package dev.crema.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A value that a template computes with: Python's, since templates are written against Python.
 *
 * <p>Lists and dictionaries cannot change once made, because the sandbox in which transformers runs templates forbids
 * every method that changes them; only a {@link Namespace} can. {@code equals} is Python's {@code ==}, so numbers of
 * different kinds can be equal ({@code 1 == 1.0 == True}) while a list never equals a tuple.
 */
sealed interface Value {
    /** Python's one null value. */
    enum None implements Value {
        NONE
    }

    /** A name that stands for nothing; {@code message} is the error when the template needs it to be something. */
    record Undefined(String message) implements Value {
        static Undefined name(String name) {
            return new Undefined("'" + name + "' is undefined");
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Undefined;
        }

        @Override
        public int hashCode() {
            return 1;
        }
    }

    /** A number in the sense of Python's arithmetic, where true is 1. */
    sealed interface Numeric extends Value {
        double asDouble();

        /** Compares by mathematical value; NaN equals nothing. */
        static boolean same(Numeric left, Object right) {
            if (!(right instanceof Numeric number)) {
                return false;
            }
            if (left instanceof Int(BigInteger a) && number instanceof Int(BigInteger b)) {
                return a.equals(b);
            }
            return Comparison.order(left, number) == Comparison.Order.EQUAL;
        }

        static int hash(Numeric number) {
            return Double.hashCode(number.asDouble() + 0.0);
        }
    }

    record Bool(boolean value) implements Numeric {
        static final Bool TRUE = new Bool(true);
        static final Bool FALSE = new Bool(false);

        static Bool of(boolean value) {
            return value ? TRUE : FALSE;
        }

        @Override
        public double asDouble() {
            return value ? 1 : 0;
        }

        @Override
        public boolean equals(Object other) {
            return Numeric.same(this, other);
        }

        @Override
        public int hashCode() {
            return Numeric.hash(this);
        }
    }

    record Int(BigInteger value) implements Numeric {
        static Int of(long value) {
            return new Int(BigInteger.valueOf(value));
        }

        @Override
        public double asDouble() {
            return value.doubleValue();
        }

        @Override
        public boolean equals(Object other) {
            return Numeric.same(this, other);
        }

        @Override
        public int hashCode() {
            return Numeric.hash(this);
        }
    }

    record Float(double value) implements Numeric {
        @Override
        public double asDouble() {
            return value;
        }

        @Override
        public boolean equals(Object other) {
            return Numeric.same(this, other);
        }

        @Override
        public int hashCode() {
            return Numeric.hash(this);
        }
    }

    /** Text; {@code safe} marks what the {@code safe} filter made, which escapes whatever is added to it. */
    record Str(String text, boolean safe) implements Value {
        static final Str EMPTY = Str.of("");

        static Str of(String text) {
            return new Str(text, false);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Str string && string.text.equals(text);
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }
    }

    /** A list or a tuple. */
    sealed interface Sequence extends Value {
        List<Value> items();

        /** Makes a sequence of the same kind from other items. */
        Sequence with(List<Value> items);
    }

    record ListValue(List<Value> items) implements Sequence {
        @Override
        public Sequence with(List<Value> other) {
            return new ListValue(other);
        }
    }

    record Tuple(List<Value> items) implements Sequence {
        static Tuple of(Value... items) {
            return new Tuple(List.of(items));
        }

        @Override
        public Sequence with(List<Value> other) {
            return new Tuple(other);
        }
    }

    record Dict(Map<Value, Value> entries) implements Value {
        static final Dict EMPTY = new Dict(Map.of());
    }

    /** What {@code keys()}, {@code values()} and {@code items()} of a dictionary give. */
    record DictView(String kind, List<Value> items) implements Value {}

    record Range(long start, long stop, long step) implements Value {
        long size() {
            long span = step > 0 ? stop - start : start - stop;
            return span <= 0 ? 0 : (span - 1) / Math.abs(step) + 1;
        }

        List<Value> items() {
            return LongStream.range(0, size())
                    .mapToObj(i -> (Value) Int.of(start + i * step))
                    .toList();
        }
    }

    /** A generator: it can be walked once. */
    final class Generator implements Value {
        private List<Value> items;

        Generator(List<Value> items) {
            this.items = items;
        }

        List<Value> drain() {
            List<Value> all = items;
            items = List.of();
            return all;
        }

        Value next(Value otherwise) {
            if (items.isEmpty()) {
                return otherwise;
            }
            Value first = items.getFirst();
            items = items.subList(1, items.size());
            return first;
        }
    }

    /** The one thing a template can change. */
    final class Namespace implements Value {
        private final Map<String, Value> attributes = new LinkedHashMap<>();

        Map<String, Value> attributes() {
            return attributes;
        }
    }

    /** An object with attributes of its own, such as {@code loop}. */
    non-sealed interface HasAttributes extends Value {
        Optional<Value> attribute(String name);
    }

    /** Something that can be called. */
    @FunctionalInterface
    non-sealed interface Callable extends Value {
        Value call(Arguments arguments);
    }

    /** How deeply lists and dictionaries from outside may nest. */
    int MAX_NESTING = 200;

    /** Copies a Java value made of maps, lists, strings, numbers, booleans and nulls. */
    static Value of(@Nullable Object value) {
        return Conversion.of(value, 0);
    }

    /** Makes a dictionary that keeps the order of its entries. */
    static Dict dict(LinkedHashMap<Value, Value> entries) {
        return new Dict(Collections.unmodifiableMap(entries));
    }

    /** Makes the integer that a decimal is, cut toward zero. */
    static Int truncate(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw new TemplateFailure("cannot convert " + PythonText.repr(new Float(value)) + " to an integer");
        }
        return new Int(new BigDecimal(value).toBigInteger());
    }
}
