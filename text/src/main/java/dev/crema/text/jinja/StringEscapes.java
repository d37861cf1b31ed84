package dev.crema.text.jinja;

/** Decodes the escapes of a string literal, as Python does: one that it does not know stays as written. */
final class StringEscapes {
    private StringEscapes() {}

    static String decode(String literal) {
        if (literal.indexOf('\\') < 0) {
            return literal;
        }
        StringBuilder text = new StringBuilder(literal.length());
        int i = 0;
        while (i < literal.length()) {
            char c = literal.charAt(i++);
            if (c != '\\' || i == literal.length()) {
                text.append(c);
                continue;
            }
            char escape = literal.charAt(i++);
            switch (escape) {
                case '\n' -> {}
                case '\\', '\'', '"' -> text.append(escape);
                case 'a' -> text.append('\u0007');
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case 'n' -> text.append('\n');
                case 'r' -> text.append('\r');
                case 't' -> text.append('\t');
                case 'v' -> text.append('\u000b');
                case 'x' -> i = code(literal, i, 2, text);
                case 'u' -> i = code(literal, i, 4, text);
                case 'U' -> i = code(literal, i, 8, text);
                case 'N' -> i = named(literal, i, text);
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int end = i;
                    while (end < literal.length() && end < i + 2 && octal(literal.charAt(end))) {
                        end++;
                    }
                    text.append((char) Integer.parseInt(literal.substring(i - 1, end), 8));
                    i = end;
                }
                default -> text.append('\\').append(escape);
            }
        }
        return text.toString();
    }

    private static boolean octal(char c) {
        return c >= '0' && c <= '7';
    }

    private static int code(String literal, int start, int digits, StringBuilder text) {
        int end = start + digits;
        if (end > literal.length() || !literal.substring(start, end).matches("[0-9a-fA-F]+")) {
            throw new TemplateFailure("a string has an escape with fewer than " + digits + " hexadecimal digits");
        }
        long codePoint = Long.parseLong(literal.substring(start, end), 16);
        if (codePoint > Character.MAX_CODE_POINT) {
            throw new TemplateFailure("a string has an escape beyond Unicode's last character");
        }
        text.appendCodePoint((int) codePoint);
        return end;
    }

    private static int named(String literal, int start, StringBuilder text) {
        int close = literal.indexOf('}', start);
        if (!literal.startsWith("{", start) || close < 0) {
            throw new TemplateFailure("a string has \\N without a {character name}");
        }
        try {
            text.appendCodePoint(Character.codePointOf(literal.substring(start + 1, close)));
        } catch (IllegalArgumentException unknown) {
            throw new TemplateFailure("Unicode has no character named " + literal.substring(start + 1, close));
        }
        return close + 1;
    }
}
