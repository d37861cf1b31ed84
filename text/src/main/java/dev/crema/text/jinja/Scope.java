package dev.crema.text.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Names in one block, and those around it. Assignments stay in their block, as Jinja has it. */
final class Scope {
    private final Map<String, Value> names = new HashMap<>();
    private final @Nullable Scope around;

    private Scope(@Nullable Scope around) {
        this.around = around;
    }

    static Scope root(Map<String, Value> names) {
        Scope scope = new Scope(null);
        scope.names.putAll(names);
        return scope;
    }

    Scope inner() {
        return new Scope(this);
    }

    void set(String name, Value value) {
        names.put(name, value);
    }

    Value get(String name) {
        for (Scope scope = this; scope != null; scope = scope.around) {
            Value value = scope.names.get(name);
            if (value != null) {
                return value;
            }
        }
        return Value.Undefined.name(name);
    }
}
