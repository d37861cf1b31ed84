package dev.crema.text.jinja;

import java.util.List;

/** A cursor over a template's tokens. */
final class Tokens {
    private final List<Token> tokens;
    private int position;

    Tokens(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(position);
    }

    Token look() {
        return tokens.get(Math.min(position + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = current();
        if (token.kind() != Token.Kind.END) {
            position++;
        }
        return token;
    }

    boolean is(Token.Kind kind) {
        return current().kind() == kind;
    }

    boolean isOperator(String symbol) {
        return current().isOperator(symbol);
    }

    boolean isName(String name) {
        return current().isName(name);
    }

    boolean skipOperator(String symbol) {
        return skip(isOperator(symbol));
    }

    boolean skipName(String name) {
        return skip(isName(name));
    }

    void expectOperator(String symbol) {
        if (!skipOperator(symbol)) {
            throw failure("expected '" + symbol + "', got " + current().describe());
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw failure("expected '" + name + "', got " + current().describe());
        }
    }

    String expectName() {
        return expect(Token.Kind.NAME, "a name").text();
    }

    Token expect(Token.Kind kind, String what) {
        if (!is(kind)) {
            throw failure("expected " + what + ", got " + current().describe());
        }
        return next();
    }

    TemplateFailure failure(String message) {
        return new TemplateFailure("line " + current().line() + ": " + message);
    }

    private boolean skip(boolean matches) {
        if (matches) {
            next();
        }
        return matches;
    }
}
