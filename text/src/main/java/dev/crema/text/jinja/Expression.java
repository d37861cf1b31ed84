package dev.crema.text.jinja;

import java.util.List;
import java.util.Optional;

/** What a template computes; {@code line} is where it starts in the source. */
sealed interface Expression {
    int line();

    record Constant(Value value, int line) implements Expression {}

    record Name(String name, int line) implements Expression {}

    record ListLiteral(List<Expression> items, int line) implements Expression {}

    record TupleLiteral(List<Expression> items, int line) implements Expression {}

    record DictLiteral(List<Pair> pairs, int line) implements Expression {}

    record Pair(Expression key, Expression value) {}

    /** {@code object.name}: an attribute first, then an item. */
    record Attribute(Expression object, String name, int line) implements Expression {}

    /** {@code object[key]}: an item first, then an attribute. */
    record Item(Expression object, Expression key, int line) implements Expression {}

    record Slice(
            Expression object,
            Optional<Expression> start,
            Optional<Expression> stop,
            Optional<Expression> step,
            int line)
            implements Expression {}

    record Call(Expression callee, CallArguments arguments, int line) implements Expression {}

    record Filter(Expression subject, String name, CallArguments arguments, int line) implements Expression {}

    record Test(Expression subject, String name, CallArguments arguments, int line) implements Expression {}

    record Not(Expression operand, int line) implements Expression {}

    record Sign(Expression operand, boolean negative, int line) implements Expression {}

    record And(Expression left, Expression right, int line) implements Expression {}

    record Or(Expression left, Expression right, int line) implements Expression {}

    record Arithmetic(Operators.Kind operator, Expression left, Expression right, int line) implements Expression {}

    record Concat(List<Expression> parts, int line) implements Expression {}

    /** A chain such as {@code a < b <= c}, which holds if every link holds. */
    record Comparison(Expression first, List<Link> links, int line) implements Expression {}

    record Link(String operator, Expression operand) {}

    record Conditional(Expression test, Expression then, Optional<Expression> otherwise, int line)
            implements Expression {}

    /** The output of a block, which a filter on {@code set} or {@code filter} takes as its subject. */
    record BlockText(int line) implements Expression {}

    record CallArguments(
            List<Expression> positional,
            List<Named> named,
            Optional<Expression> spread,
            Optional<Expression> namedSpread) {
        static final CallArguments NONE = new CallArguments(List.of(), List.of(), Optional.empty(), Optional.empty());
    }

    record Named(String name, Expression value) {}
}
