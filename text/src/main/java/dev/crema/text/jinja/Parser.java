package dev.crema.text.jinja;

import dev.crema.text.jinja.Statement.MacroSource;
import dev.crema.text.jinja.Statement.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Parses a template into statements. */
final class Parser {
    private static final Set<String> OTHER_FILES = Set.of("include", "import", "from", "extends", "block");

    private final Tokens tokens;
    private final ParserNotes notes = new ParserNotes();
    private final ExpressionParser expressions;
    private int loops;
    private boolean marksGenerations;

    private Parser(List<Token> tokens) {
        this.tokens = new Tokens(tokens);
        this.expressions = new ExpressionParser(this.tokens, notes);
    }

    record Parsed(List<Statement> statements, boolean marksGenerations) {}

    static Parsed parse(String source) {
        Parser parser = new Parser(Lexer.tokens(source));
        List<Statement> statements = parser.statements(Set.of());
        parser.notes.check();
        return new Parsed(statements, parser.marksGenerations);
    }

    /** Parses up to one of the {@code ends}, which stays the current token, or to the end of the template. */
    private List<Statement> statements(Set<String> ends) {
        List<Statement> body = new ArrayList<>();
        while (!tokens.is(Token.Kind.END)) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> body.add(new Statement.Text(token.text(), token.line()));
                case OUTPUT_BEGIN -> {
                    body.add(new Statement.Output(expressions.tuple(true), token.line()));
                    tokens.expect(Token.Kind.OUTPUT_END, "'}}'");
                }
                default -> {
                    if (tokens.is(Token.Kind.NAME)
                            && ends.contains(tokens.current().text())) {
                        return body;
                    }
                    body.addAll(statement());
                    tokens.expect(Token.Kind.BLOCK_END, "'%}'");
                }
            }
        }
        if (!ends.isEmpty()) {
            throw tokens.failure(
                    "the template ends where one of " + ends.stream().sorted().toList() + " is due");
        }
        return body;
    }

    /** Parses a body, from the end of its opening tag up to one of the {@code ends}. */
    private List<Statement> body(String... ends) {
        tokens.skipOperator(":");
        tokens.expect(Token.Kind.BLOCK_END, "'%}'");
        notes.enter(tokens.current().line());
        List<Statement> statements = statements(Set.of(ends));
        notes.leave();
        return statements;
    }

    private List<Statement> bodyTo(String end) {
        List<Statement> statements = body(end);
        tokens.next();
        return statements;
    }

    /** A body that Jinja compiles into a frame of its own, so that unknown filters in it are errors at once. */
    private List<Statement> scopedBodyTo(String end) {
        int mark = notes.mark();
        List<Statement> statements = bodyTo(end);
        notes.firmSince(mark);
        return statements;
    }

    private List<Statement> statement() {
        Token tag = tokens.expect(Token.Kind.NAME, "a tag");
        int line = tag.line();
        return switch (tag.text()) {
            case "if" -> List.of(ifStatement(line));
            case "for" -> List.of(forStatement(line));
            case "set" -> List.of(setStatement(line));
            case "macro" -> List.of(new Statement.Define(macro(tokens.expectName()), line));
            case "call" -> List.of(callBlock(line));
            case "filter" -> {
                Expression value = expressions.filters(expressions.filter(new Expression.BlockText(line)));
                yield List.of(new Statement.FilterBlock(value, scopedBodyTo("endfilter"), line));
            }
            case "with" -> List.of(with(line));
            case "print" -> print(line);
            case "generation" -> {
                marksGenerations = true;
                yield List.of(new Statement.Generation(scopedBodyTo("endgeneration"), line));
            }
            case "break" -> List.of(new Statement.Break(inLoop(line)));
            case "continue" -> List.of(new Statement.Continue(inLoop(line)));
            case String name
            when OTHER_FILES.contains(name) ->
                throw new TemplateFailure(
                        "line " + line + ": '" + name + "' needs other templates; a chat template stands alone");
            default -> throw new TemplateFailure("line " + line + ": unknown tag '" + tag.text() + "'");
        };
    }

    private int inLoop(int line) {
        if (loops == 0) {
            throw new TemplateFailure("line " + line + ": 'break' and 'continue' need a loop around them");
        }
        return line;
    }

    private Statement ifStatement(int line) {
        int mark = notes.mark();
        List<Statement.Branch> branches = new ArrayList<>();
        List<Statement> otherwise = List.of();
        while (true) {
            Expression test = expressions.tuple(false);
            branches.add(new Statement.Branch(test, body("elif", "else", "endif")));
            Token end = tokens.next();
            if (end.isName("else")) {
                otherwise = bodyTo("endif");
            }
            if (!end.isName("elif")) {
                break;
            }
        }
        notes.forgiveSince(mark);
        return new Statement.If(branches, otherwise, line);
    }

    private Statement forStatement(int line) {
        Target target = target();
        tokens.expectName("in");
        Expression iterable = expressions.tuple(false);
        Optional<Expression> filter = tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
        boolean recursive = tokens.skipName("recursive");
        int mark = notes.mark();
        loops++;
        List<Statement> body = body("endfor", "else");
        loops--;
        List<Statement> otherwise = tokens.next().isName("else") ? bodyTo("endfor") : List.of();
        notes.firmSince(mark);
        return new Statement.For(target, iterable, filter, recursive, body, otherwise, line);
    }

    private Statement setStatement(int line) {
        Target target = target();
        if (tokens.skipOperator("=")) {
            return new Statement.Set(target, expressions.tuple(true), line);
        }
        Expression value = expressions.filters(new Expression.BlockText(line));
        return new Statement.SetBlock(target, value, scopedBodyTo("endset"), line);
    }

    /** Parses an assignment's target, or several between commas. */
    private Target target() {
        List<Target> parts = new ArrayList<>();
        boolean unpacked = false;
        do {
            if (tokens.isOperator(")") || tokens.is(Token.Kind.BLOCK_END)) {
                break;
            }
            parts.add(oneTarget());
            unpacked |= tokens.isOperator(",");
        } while (tokens.skipOperator(","));
        return unpacked || parts.size() != 1 ? new Target.Unpacked(parts) : parts.getFirst();
    }

    private Target oneTarget() {
        if (tokens.skipOperator("(")) {
            Target inside = target();
            tokens.expectOperator(")");
            return inside;
        }
        String name = assignable(tokens.expectName());
        return tokens.skipOperator(".") ? new Target.Attribute(name, tokens.expectName()) : new Target.Variable(name);
    }

    private String assignable(String name) {
        return switch (name) {
            case "true", "false", "none", "True", "False", "None" ->
                throw tokens.failure("cannot assign to '" + name + "'");
            default -> name;
        };
    }

    private MacroSource macro(String name) {
        notes.beginMacro();
        int mark = notes.mark();
        return macroBody(name, signature(), mark, "endmacro");
    }

    private MacroSource macroBody(String name, List<Statement.Parameter> parameters, int mark, String end) {
        int around = loops;
        loops = 0;
        List<Statement> body = bodyTo(end);
        loops = around;
        notes.firmSince(mark);
        return new MacroSource(name, parameters, body, notes.endMacro());
    }

    private List<Statement.Parameter> signature() {
        List<Statement.Parameter> parameters = new ArrayList<>();
        tokens.expectOperator("(");
        boolean optional = false;
        while (!tokens.isOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            String name = assignable(tokens.expectName());
            if (tokens.skipOperator("=")) {
                optional = true;
                parameters.add(new Statement.Parameter(name, Optional.of(expressions.expression())));
            } else if (optional) {
                throw tokens.failure("parameter '" + name + "' needs a default, since one before it has one");
            } else {
                parameters.add(new Statement.Parameter(name, Optional.empty()));
            }
        }
        tokens.expectOperator(")");
        return parameters;
    }

    private Statement callBlock(int line) {
        List<Statement.Parameter> parameters = tokens.isOperator("(") ? signature() : List.of();
        if (!(expressions.expression() instanceof Expression.Call call)) {
            throw tokens.failure("'call' needs a macro call");
        }
        notes.beginMacro();
        return new Statement.CallBlock(call, macroBody("caller", parameters, notes.mark(), "endcall"), line);
    }

    private Statement with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.is(Token.Kind.BLOCK_END)) {
            if (!targets.isEmpty()) {
                tokens.expectOperator(",");
            }
            targets.add(target());
            tokens.expectOperator("=");
            values.add(expressions.expression());
        }
        return new Statement.With(targets, values, scopedBodyTo("endwith"), line);
    }

    private List<Statement> print(int line) {
        List<Statement> outputs = new ArrayList<>();
        while (!tokens.is(Token.Kind.BLOCK_END)) {
            if (!outputs.isEmpty()) {
                tokens.expectOperator(",");
            }
            outputs.add(new Statement.Output(expressions.expression(), line));
        }
        return outputs;
    }
}
