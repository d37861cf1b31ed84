package dev.crema.text.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with Jinja's treatment of whitespace around tags.
 *
 * <p>As transformers sets it: the newline after a block or comment is dropped ({@code trim_blocks}), and so are spaces
 * before one that stands first on its line ({@code lstrip_blocks}). A {@code -} inside a delimiter drops all whitespace
 * on that side, a {@code +} keeps it. The template's own last newline is dropped.
 */
final class Lexer {
    private static final Pattern NEWLINE = Pattern.compile("\r\n|\r");
    private static final Pattern TAG = Pattern.compile("\\{[%{#]");
    private static final Pattern RAW_BEGIN =
            Pattern.compile("\\{%([-+]?)\\s*raw\\s*(?:-%\\}\\s*|%\\})", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern RAW_END =
            Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern FLOAT = Pattern.compile(
            "(?<!\\.)(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+\\-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)");
    private static final Pattern INTEGER =
            Pattern.compile("0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\\da-fA-F])+|[1-9](?:_?\\d)*|0(?:_?0)*");
    private static final String[] OPERATORS = {
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=",
        ".", ":", "|", ",", ";"
    };

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<String> brackets = new ArrayDeque<>();
    private int position;
    private int line = 1;
    private boolean lineStarting = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String source) {
        String unix = NEWLINE.matcher(source).replaceAll("\n");
        Lexer lexer = new Lexer(unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        Matcher tag = TAG.matcher(source);
        while (position < source.length()) {
            if (!tag.find(position)) {
                data(source.substring(position));
                advance(source.length());
                break;
            }
            int start = tag.start();
            char kind = source.charAt(start + 1);
            Matcher raw = RAW_BEGIN.matcher(source).region(start, source.length());
            if (kind == '%' && raw.lookingAt()) {
                textBefore(start, raw.group(1), true);
                advance(raw.end());
                raw();
                continue;
            }
            String sign = sign(start + 2);
            textBefore(start, sign, kind != '{');
            advance(start + 2 + sign.length());
            switch (kind) {
                case '#' -> comment();
                case '%' -> code(Token.Kind.BLOCK_BEGIN, Token.Kind.BLOCK_END);
                default -> code(Token.Kind.OUTPUT_BEGIN, Token.Kind.OUTPUT_END);
            }
        }
        add(Token.Kind.END, "");
    }

    private String sign(int at) {
        return source.startsWith("-", at) || source.startsWith("+", at) ? source.substring(at, at + 1) : "";
    }

    /** Emits the text up to a tag, less the whitespace that the tag takes with it. */
    private void textBefore(int end, String sign, boolean stripsLine) {
        String text = source.substring(position, end);
        if (sign.equals("-")) {
            data(PythonText.stripRight(text));
        } else if (sign.isEmpty() && stripsLine) {
            int lineStart = text.lastIndexOf('\n') + 1;
            boolean blank = lineStart < text.length() && PythonText.isSpace(text.substring(lineStart));
            data(blank && (lineStart > 0 || lineStarting) ? text.substring(0, lineStart) : text);
        } else {
            data(text);
        }
        advance(end);
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            add(Token.Kind.DATA, text);
        }
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text, line));
    }

    private void advance(int end) {
        line += (int)
                source.substring(position, end).chars().filter(c -> c == '\n').count();
        lineStarting = end > 0 && source.charAt(end - 1) == '\n';
        position = end;
    }

    private void comment() {
        int close = source.indexOf("#}", position);
        if (close < 0) {
            throw failure("a comment is not closed; add '#}'");
        }
        char sign = close > position ? source.charAt(close - 1) : ' ';
        int end = close + 2;
        advance(
                switch (sign) {
                    case '-' -> skipSpace(end);
                    case '+' -> end;
                    default -> skipNewline(end);
                });
    }

    private void raw() {
        Matcher close = RAW_END.matcher(source);
        if (!close.find(position)) {
            throw failure("a raw block is not closed; add '{% endraw %}'");
        }
        textBefore(close.start(), close.group(1), true);
        advance(close.end());
    }

    /** Reads what stands between a tag's delimiters. */
    private void code(Token.Kind begin, Token.Kind end) {
        add(begin, source.substring(position - 2, position));
        String close = end == Token.Kind.BLOCK_END ? "%}" : "}}";
        int opened = line;
        while (true) {
            if (position >= source.length()) {
                throw new TemplateFailure("the tag opened on line " + opened + " is not closed; add '" + close + "'");
            }
            if (brackets.isEmpty() && closed(close, end)) {
                return;
            }
            token();
        }
    }

    private boolean closed(String close, Token.Kind end) {
        boolean block = end == Token.Kind.BLOCK_END;
        String sign = source.startsWith("-" + close, position)
                ? "-"
                : block && source.startsWith("+" + close, position) ? "+" : "";
        if (!source.startsWith(close, position + sign.length())) {
            return false;
        }
        add(end, close);
        int after = position + sign.length() + close.length();
        if (sign.equals("-")) {
            after = skipSpace(after);
        } else if (sign.isEmpty() && block) {
            after = skipNewline(after);
        }
        advance(after);
        return true;
    }

    private int skipSpace(int from) {
        int end = from;
        while (end < source.length() && PythonText.isSpace(source.charAt(end))) {
            end++;
        }
        return end;
    }

    private int skipNewline(int from) {
        return source.startsWith("\n", from) ? from + 1 : from;
    }

    private void token() {
        char c = source.charAt(position);
        if (PythonText.isSpace(c)) {
            advance(skipSpace(position));
        } else if (c >= '0' && c <= '9') {
            number();
        } else if (Character.isUnicodeIdentifierStart(source.codePointAt(position)) || c == '_') {
            int end = position;
            while (end < source.length() && Character.isUnicodeIdentifierPart(source.codePointAt(end))) {
                end += Character.charCount(source.codePointAt(end));
            }
            add(Token.Kind.NAME, source.substring(position, end));
            advance(end);
        } else if (c == '"' || c == '\'') {
            string(c);
        } else {
            operator(c);
        }
    }

    private void number() {
        for (Token.Kind kind : List.of(Token.Kind.FLOAT, Token.Kind.INTEGER)) {
            Matcher matcher = (kind == Token.Kind.FLOAT ? FLOAT : INTEGER)
                    .matcher(source)
                    .region(position, source.length())
                    .useTransparentBounds(true);
            if (matcher.lookingAt()) {
                add(kind, matcher.group().replace("_", ""));
                advance(matcher.end());
                return;
            }
        }
        throw failure("a number starts with 0");
    }

    private void string(char quote) {
        int end = position + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw failure("a string is not closed; add " + quote);
        }
        add(Token.Kind.STRING, StringEscapes.decode(source.substring(position + 1, end)));
        advance(end + 1);
    }

    private void operator(char c) {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, position)) {
                balance(operator);
                add(Token.Kind.OPERATOR, operator);
                advance(position + operator.length());
                return;
            }
        }
        throw failure("unexpected character '" + c + "'");
    }

    private void balance(String operator) {
        switch (operator) {
            case "{" -> brackets.push("}");
            case "(" -> brackets.push(")");
            case "[" -> brackets.push("]");
            case "}", ")", "]" -> {
                if (brackets.isEmpty() || !brackets.pop().equals(operator)) {
                    throw failure("unexpected '" + operator + "'");
                }
            }
            default -> {}
        }
    }

    private TemplateFailure failure(String message) {
        return new TemplateFailure("line " + line + ": " + message);
    }
}
