package dev.crema.text.jinja;

import dev.crema.text.jinja.Statement.MacroSource;
import dev.crema.text.jinja.Statement.Target;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** Runs statements. */
final class Interpreter {
    /** How a statement ends: on to the next, or out of the loop around it. */
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    private final Budget budget;
    private final Evaluator evaluator;
    private final StringBuilder text = new StringBuilder();
    private final List<Rendering.Block> generations = new ArrayList<>();

    Interpreter(Budget budget, Evaluator evaluator) {
        this.budget = budget;
        this.evaluator = evaluator;
    }

    Rendering run(List<Statement> statements, Scope scope) {
        execute(statements, scope, text);
        return new Rendering(text.toString(), List.copyOf(generations));
    }

    private Flow execute(List<Statement> statements, Scope scope, StringBuilder out) {
        for (Statement statement : statements) {
            Flow flow = execute(statement, scope, out);
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow execute(Statement statement, Scope scope, StringBuilder out) {
        budget.step();
        evaluator.at(statement.line());
        switch (statement) {
            case Statement.Text data -> write(data.text(), out);
            case Statement.Output output -> write(PythonText.str(evaluator.evaluate(output.expression(), scope)), out);
            case Statement.If choice -> {
                return choose(choice, scope, out);
            }
            case Statement.For loop -> loop(loop, evaluator.evaluate(loop.iterable(), scope), 0, scope, out);
            case Statement.Set set -> assign(set.target(), evaluator.evaluate(set.value(), scope), scope);
            case Statement.SetBlock set -> assign(set.target(), block(set.body(), set.value(), scope), scope);
            case Statement.FilterBlock filter ->
                write(PythonText.str(block(filter.body(), filter.value(), scope)), out);
            case Statement.With with -> {
                Scope inner = scope.inner();
                for (int i = 0; i < with.targets().size(); i++) {
                    assign(
                            with.targets().get(i),
                            evaluator.evaluate(with.values().get(i), scope),
                            inner);
                }
                return execute(with.body(), inner, out);
            }
            case Statement.Define define -> scope.set(define.macro().name(), macro(define.macro(), scope));
            case Statement.CallBlock call -> write(PythonText.str(callBlock(call, scope)), out);
            case Statement.Generation generation -> generation(generation, scope, out);
            case Statement.Break stop -> {
                return Flow.BREAK;
            }
            case Statement.Continue skip -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private void write(String part, StringBuilder out) {
        budget.size(part.length());
        budget.grow((long) out.length() + part.length());
        out.append(part);
    }

    private Flow choose(Statement.If choice, Scope scope, StringBuilder out) {
        for (Statement.Branch branch : choice.branches()) {
            if (evaluator.holds(branch.test(), scope)) {
                return execute(branch.body(), scope, out);
            }
        }
        return execute(choice.otherwise(), scope, out);
    }

    private void loop(Statement.For loop, Value items, int depth, Scope scope, StringBuilder out) {
        Iterator<Value> iterator = evaluator.operators().items(items).iterator();
        if (loop.filter().isPresent()) {
            iterator = filtered(loop, loop.filter().get(), iterator, scope);
        }
        Loop state =
                new Loop(iterator, depth, loop.recursive() ? (inner, level) -> recur(loop, inner, level, scope) : null);
        // As in Jinja, an iteration that is cut short does not count: the else block runs unless one came to its end.
        boolean completed = false;
        for (Optional<Value> item = state.advance(); item.isPresent(); item = state.advance()) {
            budget.step();
            Scope body = scope.inner();
            body.set("loop", state);
            assign(loop.target(), item.get(), body);
            Flow flow = execute(loop.body(), body, out);
            if (flow == Flow.BREAK) {
                break;
            }
            completed |= flow == Flow.NEXT;
        }
        if (!completed) {
            execute(loop.otherwise(), scope.inner(), out);
        }
    }

    private Iterator<Value> filtered(Statement.For loop, Expression test, Iterator<Value> items, Scope scope) {
        Iterable<Value> all = () -> items;
        return StreamSupport.stream(all.spliterator(), false)
                .filter(item -> {
                    Scope inner = scope.inner();
                    assign(loop.target(), item, inner);
                    return evaluator.holds(test, inner);
                })
                .iterator();
    }

    private Value recur(Statement.For loop, Value items, int depth, Scope scope) {
        budget.enter();
        StringBuilder out = new StringBuilder();
        loop(loop, items, depth, scope, out);
        budget.leave();
        return Value.Str.of(out.toString());
    }

    private void assign(Target target, Value value, Scope scope) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.Attribute attribute -> {
                if (!(scope.get(attribute.namespace()) instanceof Value.Namespace namespace)) {
                    throw new TemplateFailure("'" + attribute.namespace() + "' is no namespace, so '" + attribute.name()
                            + "' cannot be set on it");
                }
                namespace.attributes().put(Globals.attributeName(attribute.name()), value);
            }
            case Target.Unpacked unpacked -> {
                List<Value> items = evaluator.operators().items(value);
                if (items.size() != unpacked.parts().size()) {
                    throw new TemplateFailure("cannot unpack " + items.size() + " values into "
                            + unpacked.parts().size() + " names");
                }
                for (int i = 0; i < items.size(); i++) {
                    assign(unpacked.parts().get(i), items.get(i), scope);
                }
            }
        }
    }

    /** Renders a block aside and hands its output to the filters on it. */
    private Value block(List<Statement> body, Expression value, Scope scope) {
        Scope inner = scope.inner();
        inner.set(Evaluator.BLOCK_TEXT, Value.Str.of(aside(body, inner)));
        return evaluator.evaluate(value, inner);
    }

    private String aside(List<Statement> body, Scope scope) {
        StringBuilder out = new StringBuilder();
        execute(body, scope, out);
        return out.toString();
    }

    private Macro macro(MacroSource source, Scope around) {
        return new Macro(source, around, evaluator, scope -> {
            budget.enter();
            String rendered = aside(source.body(), scope);
            budget.leave();
            return rendered;
        });
    }

    private Value callBlock(Statement.CallBlock block, Scope scope) {
        Value callee = evaluator.evaluate(block.call().callee(), scope);
        Arguments arguments = evaluator.arguments(block.call().arguments(), scope);
        Map<String, Value> named = new LinkedHashMap<>(arguments.named());
        named.put("caller", macro(block.caller(), scope));
        return evaluator.call(callee, new Arguments(arguments.positional(), named));
    }

    private void generation(Statement.Generation generation, Scope scope, StringBuilder out) {
        int start = out.length();
        execute(generation.body(), scope.inner(), out);
        if (out != text) {
            throw new TemplateFailure("a generation block inside a macro or set block has no place in the output;"
                    + " move it to the template's top level");
        }
        generations.add(new Rendering.Block(start, out.length()));
    }
}
