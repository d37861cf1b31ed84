package dev.crema.text.jinja;

import java.util.List;
import java.util.stream.IntStream;

/** Python's {@code value[start:stop:step]}. */
final class Slices {
    private Slices() {}

    /** Cuts a list, tuple, range or text; None leaves a bound out. */
    static Value slice(Value value, Value start, Value stop, Value step) {
        Operators.defined(value);
        return switch (value) {
            case Value.Str string -> new Value.Str(cut(string.text(), start, stop, step), string.safe());
            case Value.Sequence sequence -> sequence.with(cut(sequence.items(), start, stop, step));
            case Value.Range range -> {
                Bounds bounds = bounds(Math.toIntExact(range.size()), start, stop, step);
                long first = range.start() + bounds.from() * range.step();
                yield new Value.Range(
                        first, range.start() + bounds.to() * range.step(), bounds.stride() * range.step());
            }
            default -> Value.Undefined.name("a slice of a " + PythonText.type(value));
        };
    }

    /** Where a slice starts, ends (exclusive) and how it strides, within the items there are. */
    private record Bounds(int from, int to, int stride) {
        IntStream indices() {
            return IntStream.iterate(from, i -> stride > 0 ? i < to : i > to, i -> i + stride);
        }
    }

    private static List<Value> cut(List<Value> items, Value start, Value stop, Value step) {
        Bounds bounds = bounds(items.size(), start, stop, step);
        return bounds.indices().mapToObj(items::get).toList();
    }

    private static String cut(String text, Value start, Value stop, Value step) {
        Bounds bounds = bounds(PythonText.length(text), start, stop, step);
        if (bounds.stride() == 1) {
            int from = text.offsetByCodePoints(0, bounds.from());
            return text.substring(from, text.offsetByCodePoints(from, Math.max(0, bounds.to() - bounds.from())));
        }
        int[] characters = text.codePoints().toArray();
        StringBuilder cut = new StringBuilder();
        bounds.indices().forEach(i -> cut.appendCodePoint(characters[i]));
        return cut.toString();
    }

    private static Bounds bounds(int size, Value start, Value stop, Value step) {
        int stride = bound(step, 1);
        if (stride == 0) {
            throw new TemplateFailure("a slice's step cannot be 0");
        }
        int low = stride > 0 ? 0 : -1;
        int high = stride > 0 ? size : size - 1;
        int from = start == Value.None.NONE ? (stride > 0 ? low : high) : clamp(bound(start, 0), size, low, high);
        int to = stop == Value.None.NONE ? (stride > 0 ? high : low) : clamp(bound(stop, 0), size, low, high);
        // A stride past the end is cut so that stepping cannot overflow.
        return new Bounds(from, to, Math.max(-size - 1, Math.min(size + 1, stride)));
    }

    private static int bound(Value value, int otherwise) {
        return value == Value.None.NONE ? otherwise : Operators.index(value, "a slice's bound");
    }

    private static int clamp(int index, int size, int low, int high) {
        long absolute = index < 0 ? (long) index + size : index;
        return (int) Math.max(low, Math.min(high, absolute));
    }
}
