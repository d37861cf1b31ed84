package dev.crema.text.jinja;

import dev.crema.text.jinja.Expression.CallArguments;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Parses expressions by recursive descent, one method for each level of precedence, loosest first. */
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<Token.Kind> TEST_ARGUMENT =
            Set.of(Token.Kind.NAME, Token.Kind.STRING, Token.Kind.INTEGER, Token.Kind.FLOAT);

    private final Tokens tokens;
    private final ParserNotes notes;

    ExpressionParser(Tokens tokens, ParserNotes notes) {
        this.tokens = tokens;
        this.notes = notes;
    }

    Expression expression() {
        int line = tokens.current().line();
        int mark = notes.mark();
        notes.enter(line);
        Expression result = or();
        while (tokens.skipName("if")) {
            Expression test = or();
            Optional<Expression> otherwise = tokens.skipName("else") ? Optional.of(expression()) : Optional.empty();
            result = new Expression.Conditional(test, result, otherwise, line);
            notes.forgiveSince(mark);
        }
        notes.leave();
        return result;
    }

    /** Parses an expression, or a tuple where commas follow; loops take no inline {@code if}. */
    Expression tuple(boolean conditional) {
        return tuple(conditional ? this::expression : this::or, false);
    }

    private Expression tuple(Supplier<Expression> part, boolean parenthesized) {
        int line = tokens.current().line();
        List<Expression> items = new ArrayList<>();
        boolean isTuple = false;
        while (!atTupleEnd()) {
            items.add(part.get());
            if (!tokens.skipOperator(",")) {
                break;
            }
            isTuple = true;
        }
        if (!isTuple && items.size() == 1) {
            return items.getFirst();
        }
        if (!isTuple && !parenthesized) {
            throw tokens.failure(
                    "expected an expression, got " + tokens.current().describe());
        }
        return new Expression.TupleLiteral(items, line);
    }

    private boolean atTupleEnd() {
        return tokens.is(Token.Kind.OUTPUT_END)
                || tokens.is(Token.Kind.BLOCK_END)
                || tokens.isOperator(")")
                || tokens.isName("recursive");
    }

    private Expression or() {
        Expression left = and();
        while (tokens.isName("or")) {
            int line = tokens.next().line();
            left = new Expression.Or(left, and(), line);
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.isName("and")) {
            int line = tokens.next().line();
            left = new Expression.And(left, not(), line);
        }
        return left;
    }

    private Expression not() {
        if (tokens.isName("not")) {
            int line = tokens.next().line();
            notes.enter(line);
            Expression operand = not();
            notes.leave();
            return new Expression.Not(operand, line);
        }
        return comparison();
    }

    private Expression comparison() {
        int line = tokens.current().line();
        Expression first = sum();
        List<Expression.Link> links = new ArrayList<>();
        while (true) {
            if (tokens.is(Token.Kind.OPERATOR)
                    && COMPARISONS.contains(tokens.current().text())) {
                links.add(new Expression.Link(tokens.next().text(), sum()));
            } else if (tokens.skipName("in")) {
                links.add(new Expression.Link("in", sum()));
            } else if (tokens.isName("not") && tokens.look().isName("in")) {
                tokens.next();
                tokens.next();
                links.add(new Expression.Link("not in", sum()));
            } else {
                return links.isEmpty() ? first : new Expression.Comparison(first, links, line);
            }
        }
    }

    private Expression sum() {
        return arithmetic(this::concat, Set.of("+", "-"));
    }

    private Expression concat() {
        int line = tokens.current().line();
        List<Expression> parts = new ArrayList<>(List.of(product()));
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return parts.size() == 1 ? parts.getFirst() : new Expression.Concat(parts, line);
    }

    private Expression product() {
        return arithmetic(this::power, Set.of("*", "/", "//", "%"));
    }

    private Expression power() {
        return arithmetic(() -> unary(true), Set.of("**"));
    }

    private Expression arithmetic(Supplier<Expression> operand, Set<String> operators) {
        Expression left = operand.get();
        while (tokens.is(Token.Kind.OPERATOR)
                && operators.contains(tokens.current().text())) {
            Token operator = tokens.next();
            left = new Expression.Arithmetic(Operators.Kind.of(operator.text()), left, operand.get(), operator.line());
        }
        return left;
    }

    private Expression unary(boolean withFilters) {
        int line = tokens.current().line();
        Expression node;
        if (tokens.isOperator("-") || tokens.isOperator("+")) {
            boolean negative = tokens.next().text().equals("-");
            notes.enter(line);
            node = new Expression.Sign(unary(false), negative, line);
            notes.leave();
        } else {
            node = primary();
        }
        node = postfix(node);
        return withFilters ? filtersAndTests(node) : node;
    }

    private Expression primary() {
        Token token = tokens.current();
        int line = token.line();
        switch (token.kind()) {
            case NAME -> {
                tokens.next();
                return switch (token.text()) {
                    case "true", "True" -> new Expression.Constant(Value.Bool.TRUE, line);
                    case "false", "False" -> new Expression.Constant(Value.Bool.FALSE, line);
                    case "none", "None" -> new Expression.Constant(Value.None.NONE, line);
                    default -> {
                        notes.use(token.text());
                        yield new Expression.Name(token.text(), line);
                    }
                };
            }
            case STRING -> {
                StringBuilder text = new StringBuilder();
                while (tokens.is(Token.Kind.STRING)) {
                    text.append(tokens.next().text());
                }
                return new Expression.Constant(Value.Str.of(text.toString()), line);
            }
            case INTEGER -> {
                return new Expression.Constant(integer(tokens.next().text()), line);
            }
            case FLOAT -> {
                return new Expression.Constant(
                        new Value.Float(Double.parseDouble(tokens.next().text())), line);
            }
            default -> {
                return bracketed(token);
            }
        }
    }

    private Expression bracketed(Token token) {
        if (tokens.skipOperator("(")) {
            Expression inside = tuple(this::expression, true);
            tokens.expectOperator(")");
            return inside;
        }
        if (tokens.skipOperator("[")) {
            List<Expression> items = new ArrayList<>();
            separated("]", () -> items.add(expression()));
            return new Expression.ListLiteral(items, token.line());
        }
        if (tokens.skipOperator("{")) {
            List<Expression.Pair> pairs = new ArrayList<>();
            separated("}", () -> {
                Expression key = expression();
                tokens.expectOperator(":");
                pairs.add(new Expression.Pair(key, expression()));
            });
            return new Expression.DictLiteral(pairs, token.line());
        }
        throw tokens.failure("unexpected " + token.describe());
    }

    private void separated(String close, Runnable item) {
        boolean first = true;
        while (!tokens.isOperator(close)) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.isOperator(close)) {
                    break;
                }
            }
            item.run();
            first = false;
        }
        tokens.expectOperator(close);
    }

    private static Value integer(String text) {
        int radix = switch (text.length() > 1 ? Character.toLowerCase(text.charAt(1)) : '0') {
            case 'b' -> 2;
            case 'o' -> 8;
            case 'x' -> 16;
            default -> 10;
        };
        return new Value.Int(new BigInteger(radix == 10 ? text : text.substring(2), radix));
    }

    private Expression postfix(Expression subject) {
        Expression node = subject;
        while (true) {
            if (tokens.isOperator(".")) {
                node = member(node);
            } else if (tokens.isOperator("[")) {
                node = subscript(node);
            } else if (tokens.isOperator("(")) {
                node = new Expression.Call(
                        node, callArguments(), tokens.current().line());
            } else {
                return node;
            }
        }
    }

    private Expression filtersAndTests(Expression subject) {
        Expression node = subject;
        while (true) {
            if (tokens.isOperator("|")) {
                node = filters(node);
            } else if (tokens.isName("is")) {
                node = test(node);
            } else if (tokens.isOperator("(")) {
                node = new Expression.Call(
                        node, callArguments(), tokens.current().line());
            } else {
                return node;
            }
        }
    }

    private Expression member(Expression object) {
        int line = tokens.next().line();
        Token name = tokens.next();
        return switch (name.kind()) {
            case NAME -> new Expression.Attribute(object, name.text(), line);
            case INTEGER -> new Expression.Item(object, new Expression.Constant(integer(name.text()), line), line);
            default -> throw tokens.failure("expected a name or number after '.', got " + name.describe());
        };
    }

    private Expression subscript(Expression object) {
        int line = tokens.next().line();
        if (!tokens.isOperator(":")) {
            List<Expression> keys = new ArrayList<>(List.of(expression()));
            while (tokens.skipOperator(",")) {
                keys.add(expression());
            }
            if (keys.size() > 1 || !tokens.isOperator(":")) {
                tokens.expectOperator("]");
                Expression key = keys.size() == 1 ? keys.getFirst() : new Expression.TupleLiteral(keys, line);
                return new Expression.Item(object, key, line);
            }
            return slice(object, Optional.of(keys.getFirst()), line);
        }
        return slice(object, Optional.empty(), line);
    }

    private Expression slice(Expression object, Optional<Expression> start, int line) {
        tokens.expectOperator(":");
        Optional<Expression> stop = sliceBound();
        Optional<Expression> step = tokens.skipOperator(":") ? sliceBound() : Optional.empty();
        tokens.expectOperator("]");
        return new Expression.Slice(object, start, stop, step, line);
    }

    private Optional<Expression> sliceBound() {
        return tokens.isOperator(":") || tokens.isOperator("]") ? Optional.empty() : Optional.of(expression());
    }

    CallArguments callArguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<Expression.Named> named = new ArrayList<>();
        List<Expression> spread = new ArrayList<>();
        List<Expression> namedSpread = new ArrayList<>();
        separated(")", () -> {
            if (tokens.skipOperator("*")) {
                require(spread.isEmpty() && namedSpread.isEmpty());
                spread.add(expression());
            } else if (tokens.skipOperator("**")) {
                require(namedSpread.isEmpty());
                namedSpread.add(expression());
            } else if (tokens.is(Token.Kind.NAME) && tokens.look().isOperator("=")) {
                require(namedSpread.isEmpty());
                String name = tokens.next().text();
                tokens.next();
                named.add(new Expression.Named(name, expression()));
            } else {
                require(spread.isEmpty() && namedSpread.isEmpty() && named.isEmpty());
                positional.add(expression());
            }
        });
        return new CallArguments(
                positional,
                named,
                spread.stream().findFirst(),
                namedSpread.stream().findFirst());
    }

    private void require(boolean valid) {
        if (!valid) {
            throw tokens.failure("arguments of a call are out of order");
        }
    }

    /** Parses the filters that follow a subject, each with its {@code |}. */
    Expression filters(Expression subject) {
        Expression node = subject;
        while (tokens.skipOperator("|")) {
            node = filter(node);
        }
        return node;
    }

    /** Parses one filter, from its name on. */
    Expression filter(Expression subject) {
        int line = tokens.current().line();
        String name = dottedName();
        if (!Filters.exists(name)) {
            notes.unknown("filter", name, line);
        }
        CallArguments arguments = tokens.isOperator("(") ? callArguments() : CallArguments.NONE;
        return new Expression.Filter(subject, name, arguments, line);
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(tokens.expectName());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.expectName());
        }
        return name.toString();
    }

    private Expression test(Expression subject) {
        int line = tokens.next().line();
        boolean negated = tokens.skipName("not");
        String name = dottedName();
        if (!Tests.exists(name)) {
            notes.unknown("test", name, line);
        }
        Expression test = new Expression.Test(subject, name, testArguments(), line);
        return negated ? new Expression.Not(test, line) : test;
    }

    private CallArguments testArguments() {
        if (tokens.isOperator("(")) {
            return callArguments();
        }
        boolean literal = tokens.isOperator("[") || tokens.isOperator("{");
        boolean keyword = tokens.isName("else") || tokens.isName("or") || tokens.isName("and");
        if (keyword || !(literal || TEST_ARGUMENT.contains(tokens.current().kind()))) {
            return CallArguments.NONE;
        }
        if (tokens.isName("is")) {
            throw tokens.failure("tests cannot be chained with 'is'");
        }
        Expression argument = postfix(primary());
        return new CallArguments(List.of(argument), List.of(), Optional.empty(), Optional.empty());
    }
}
