package dev.crema.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The {@code loop} variable: where a {@code for} loop stands. It looks one item ahead, no further. */
final class Loop implements Value.HasAttributes, Value.Callable {
    /** Renders the loop's body again over other items, one level deeper. */
    @FunctionalInterface
    interface Recursion {
        Value render(Value items, int depth);
    }

    private Iterator<Value> items;
    private final int depth;
    private final @Nullable Recursion recursion;
    private long index = -1;
    private long length = -1;
    private @Nullable Value before;
    private @Nullable Value current;
    private @Nullable Value after;
    private @Nullable Value lastChanged;

    Loop(Iterator<Value> items, int depth, @Nullable Recursion recursion) {
        this.items = items;
        this.depth = depth;
        this.recursion = recursion;
    }

    /** Steps to the next item, if there is one. */
    Optional<Value> advance() {
        Value next = peek();
        if (next == null) {
            return Optional.empty();
        }
        index++;
        before = current;
        current = next;
        after = null;
        return Optional.of(next);
    }

    private @Nullable Value peek() {
        if (after == null && items.hasNext()) {
            after = items.next();
        }
        return after;
    }

    long length() {
        if (length < 0) {
            List<Value> rest = new ArrayList<>();
            items.forEachRemaining(rest::add);
            items = rest.iterator();
            length = rest.size() + index + 1 + (after == null ? 0 : 1);
        }
        return length;
    }

    @Override
    public Optional<Value> attribute(String name) {
        return Optional.ofNullable(
                switch (name) {
                    case "index" -> Value.Int.of(index + 1);
                    case "index0" -> Value.Int.of(index);
                    case "first" -> Value.Bool.of(index == 0);
                    case "last" -> Value.Bool.of(peek() == null);
                    case "length" -> Value.Int.of(length());
                    case "revindex" -> Value.Int.of(length() - index);
                    case "revindex0" -> Value.Int.of(length() - index - 1);
                    case "depth" -> Value.Int.of(depth + 1L);
                    case "depth0" -> Value.Int.of(depth);
                    case "previtem" -> orUndefined(before, "there is no previous item");
                    case "nextitem" -> orUndefined(peek(), "there is no next item");
                    case "cycle" -> (Value.Callable) this::cycle;
                    case "changed" -> (Value.Callable) this::changed;
                    default -> null;
                });
    }

    private static Value orUndefined(@Nullable Value value, String message) {
        return value == null ? new Value.Undefined(message) : value;
    }

    private Value cycle(Arguments arguments) {
        List<Value> values = arguments.positional();
        if (values.isEmpty()) {
            throw new TemplateFailure("loop.cycle() needs something to cycle through");
        }
        return values.get((int) (index % values.size()));
    }

    private Value changed(Arguments arguments) {
        Value now = new Value.Tuple(arguments.positional());
        Weight.of(now);
        boolean changed = !now.equals(lastChanged);
        lastChanged = now;
        return Value.Bool.of(changed);
    }

    @Override
    public Value call(Arguments arguments) {
        if (recursion == null) {
            throw new TemplateFailure("loop() needs a loop marked 'recursive'");
        }
        return recursion.render(arguments.bind("loop", "iterable").value("iterable"), depth + 1);
    }
}
