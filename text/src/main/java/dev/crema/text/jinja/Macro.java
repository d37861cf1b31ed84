package dev.crema.text.jinja;

import dev.crema.text.jinja.Statement.MacroSource;
import dev.crema.text.jinja.Statement.Parameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A macro with the names around its definition. */
record Macro(MacroSource source, Scope around, Evaluator evaluator, Function<Scope, String> render)
        implements Value.Callable {

    @Override
    public Value call(Arguments arguments) {
        return Value.Str.of(render.apply(bind(arguments)));
    }

    private Scope bind(Arguments arguments) {
        Scope scope = around.inner();
        List<Value> positional = arguments.positional();
        Map<String, Value> named = new LinkedHashMap<>(arguments.named());
        int count = source.parameters().size();
        for (int i = 0; i < count; i++) {
            Parameter parameter = source.parameters().get(i);
            if (i < positional.size()) {
                scope.set(parameter.name(), positional.get(i));
                continue;
            }
            Value given = named.remove(parameter.name());
            Value value = given != null
                    ? given
                    : parameter
                            .otherwise()
                            .map(expression -> evaluator.evaluate(expression, scope))
                            .orElseGet(
                                    () -> new Value.Undefined("parameter '" + parameter.name() + "' was not provided"));
            scope.set(parameter.name(), value);
        }
        bindSpecial(positional, named, scope);
        return scope;
    }

    /** Hands over what the parameters left, where the body reads it. */
    private void bindSpecial(List<Value> positional, Map<String, Value> named, Scope scope) {
        int count = source.parameters().size();
        if (takes("caller")) {
            Value caller = named.remove("caller");
            scope.set("caller", caller != null ? caller : new Value.Undefined("no caller is defined"));
        }
        if (takes("kwargs")) {
            LinkedHashMap<Value, Value> rest = new LinkedHashMap<>();
            named.forEach((name, value) -> rest.put(Value.Str.of(name), value));
            scope.set("kwargs", Value.dict(rest));
        } else if (!named.isEmpty()) {
            throw new TemplateFailure("macro '" + source.name() + "' takes no argument '"
                    + named.keySet().iterator().next() + "'");
        }
        if (takes("varargs")) {
            scope.set(
                    "varargs",
                    new Value.Tuple(positional.subList(Math.min(count, positional.size()), positional.size())));
        } else if (positional.size() > count) {
            throw new TemplateFailure(
                    "macro '" + source.name() + "' takes " + count + " arguments, got " + positional.size());
        }
    }

    private boolean takes(String special) {
        return source.uses().contains(special)
                && source.parameters().stream()
                        .noneMatch(parameter -> parameter.name().equals(special));
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
