package dev.crema.text.jinja;

import dev.crema.text.jinja.Expression.CallArguments;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Computes expressions. */
final class Evaluator {
    /** The name under which a block's output waits for the filters on it; no template can write it. */
    static final String BLOCK_TEXT = "";

    private final Budget budget;
    private final Operators operators;
    private final Members members;
    private final Tests tests;
    private final Filters filters;
    private int line;

    Evaluator(Budget budget) {
        this.budget = budget;
        this.operators = new Operators(budget);
        this.members = new Members(budget);
        this.tests = new Tests(operators);
        this.filters = new Filters(operators, members, tests, budget);
    }

    Operators operators() {
        return operators;
    }

    /** The line that is being run. */
    int line() {
        return line;
    }

    void at(int newLine) {
        line = newLine;
    }

    boolean holds(Expression expression, Scope scope) {
        return Operators.truth(evaluate(expression, scope));
    }

    Value evaluate(Expression expression, Scope scope) {
        budget.step();
        at(expression.line());
        return switch (expression) {
            case Expression.Constant constant -> constant.value();
            case Expression.Name name -> scope.get(name.name());
            case Expression.BlockText block -> scope.get(BLOCK_TEXT);
            case Expression.ListLiteral list -> new Value.ListValue(all(list.items(), scope));
            case Expression.TupleLiteral tuple -> new Value.Tuple(all(tuple.items(), scope));
            case Expression.DictLiteral dict -> dict(dict, scope);
            case Expression.Attribute attribute -> {
                Value object = evaluate(attribute.object(), scope);
                at(attribute.line());
                yield members.attribute(object, attribute.name());
            }
            case Expression.Item item -> {
                Value object = evaluate(item.object(), scope);
                Value key = evaluate(item.key(), scope);
                at(item.line());
                yield members.item(object, key);
            }
            case Expression.Slice slice -> slice(slice, scope);
            case Expression.Call call -> {
                Value callee = evaluate(call.callee(), scope);
                Arguments arguments = arguments(call.arguments(), scope);
                at(call.line());
                yield call(callee, arguments);
            }
            case Expression.Filter filter -> {
                Value subject = evaluate(filter.subject(), scope);
                Arguments arguments = arguments(filter.arguments(), scope);
                at(filter.line());
                yield filters.apply(filter.name(), subject, arguments);
            }
            case Expression.Test test -> {
                Value subject = evaluate(test.subject(), scope);
                Arguments arguments = arguments(test.arguments(), scope);
                at(test.line());
                yield Value.Bool.of(tests.holds(test.name(), subject, arguments));
            }
            case Expression.Not not -> Value.Bool.of(!holds(not.operand(), scope));
            case Expression.Sign sign -> operators.sign(evaluate(sign.operand(), scope), sign.negative());
            case Expression.And and -> {
                Value left = evaluate(and.left(), scope);
                yield Operators.truth(left) ? evaluate(and.right(), scope) : left;
            }
            case Expression.Or or -> {
                Value left = evaluate(or.left(), scope);
                yield Operators.truth(left) ? left : evaluate(or.right(), scope);
            }
            case Expression.Arithmetic arithmetic -> {
                Value left = evaluate(arithmetic.left(), scope);
                Value right = evaluate(arithmetic.right(), scope);
                at(arithmetic.line());
                yield operators.apply(arithmetic.operator(), left, right);
            }
            case Expression.Concat concat -> concat(concat, scope);
            case Expression.Comparison comparison -> Value.Bool.of(compare(comparison, scope));
            case Expression.Conditional conditional -> conditional(conditional, scope);
        };
    }

    private List<Value> all(List<Expression> expressions, Scope scope) {
        List<Value> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return Collections.unmodifiableList(values);
    }

    private Value dict(Expression.DictLiteral dict, Scope scope) {
        LinkedHashMap<Value, Value> entries = new LinkedHashMap<>();
        for (Expression.Pair pair : dict.pairs()) {
            Value key = Operators.hashable(evaluate(pair.key(), scope));
            entries.put(key, evaluate(pair.value(), scope));
        }
        return Value.dict(entries);
    }

    private Value slice(Expression.Slice slice, Scope scope) {
        Value object = evaluate(slice.object(), scope);
        Value start = bound(slice.start(), scope);
        Value stop = bound(slice.stop(), scope);
        Value step = bound(slice.step(), scope);
        at(slice.line());
        budget.size(object instanceof Value.Str string ? string.text().length() : 0);
        return Slices.slice(object, start, stop, step);
    }

    private Value bound(Optional<Expression> bound, Scope scope) {
        return bound.isPresent() ? evaluate(bound.get(), scope) : Value.None.NONE;
    }

    Value call(Value callee, Arguments arguments) {
        Operators.defined(callee);
        if (!(callee instanceof Value.Callable function)) {
            throw new TemplateFailure("a " + PythonText.type(callee) + " cannot be called");
        }
        return function.call(arguments);
    }

    Arguments arguments(CallArguments written, Scope scope) {
        if (written.equals(CallArguments.NONE)) {
            return Arguments.NONE;
        }
        List<Value> positional = new ArrayList<>(all(written.positional(), scope));
        Map<String, Value> named = new LinkedHashMap<>();
        for (Expression.Named argument : written.named()) {
            if (named.put(argument.name(), evaluate(argument.value(), scope)) != null) {
                throw new TemplateFailure("the argument '" + argument.name() + "' is given twice");
            }
        }
        written.spread().ifPresent(spread -> positional.addAll(operators.items(evaluate(spread, scope))));
        written.namedSpread().ifPresent(spread -> spread(evaluate(spread, scope), named));
        return new Arguments(Collections.unmodifiableList(positional), named);
    }

    private static void spread(Value value, Map<String, Value> named) {
        if (!(value instanceof Value.Dict(Map<Value, Value> entries))) {
            throw new TemplateFailure("'**' needs a dictionary, not " + PythonText.type(value));
        }
        entries.forEach((key, item) -> {
            if (!(key instanceof Value.Str name) || named.put(name.text(), item) != null) {
                throw new TemplateFailure("'**' has a key that is no new name: " + PythonText.repr(key));
            }
        });
    }

    private Value concat(Expression.Concat concat, Scope scope) {
        StringBuilder text = new StringBuilder();
        for (Expression part : concat.parts()) {
            String piece = PythonText.str(evaluate(part, scope));
            budget.grow((long) text.length() + piece.length());
            text.append(piece);
        }
        budget.size(text.length());
        return Value.Str.of(text.toString());
    }

    private boolean compare(Expression.Comparison comparison, Scope scope) {
        Value left = evaluate(comparison.first(), scope);
        for (Expression.Link link : comparison.links()) {
            Value right = evaluate(link.operand(), scope);
            at(comparison.line());
            if (!operators.holds(link.operator(), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private Value conditional(Expression.Conditional conditional, Scope scope) {
        if (holds(conditional.test(), scope)) {
            return evaluate(conditional.then(), scope);
        }
        return conditional.otherwise().isPresent()
                ? evaluate(conditional.otherwise().get(), scope)
                : new Value.Undefined("an inline 'if' was false and has no 'else'");
    }
}
