package dev.crema.text.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/** Text as Python has it: {@code str()}, {@code repr()}, whitespace and code points. */
final class PythonText {
    private PythonText() {}

    /** Gives {@code str(value)}. */
    static String str(Value value) {
        return value instanceof Value.Str string ? string.text() : value instanceof Value.Undefined ? "" : repr(value);
    }

    /** Gives {@code repr(value)}. */
    static String repr(Value value) {
        StringBuilder out = new StringBuilder();
        repr(value, out);
        return out.toString();
    }

    private static void repr(Value value, StringBuilder out) {
        if (out.length() > TemplateLimits.DEFAULT.maxSize()) {
            throw new TemplateFailure("a value takes more than " + TemplateLimits.DEFAULT.maxSize()
                    + " characters to write; mend the template's nested lists");
        }
        switch (value) {
            case Value.None none -> out.append("None");
            case Value.Undefined undefined -> out.append("Undefined");
            case Value.Bool(boolean flag) -> out.append(flag ? "True" : "False");
            case Value.Int number -> out.append(number.value());
            case Value.Float(double number) -> out.append(repr(number));
            case Value.Str string -> out.append(quote(string.text()));
            case Value.ListValue(List<Value> items) -> items(items, "[", "]", out);
            case Value.Tuple(List<Value> items) -> items(items, "(", items.size() == 1 ? ",)" : ")", out);
            case Value.Dict(Map<Value, Value> entries) -> {
                out.append('{');
                String separator = "";
                for (Map.Entry<Value, Value> entry : entries.entrySet()) {
                    out.append(separator);
                    repr(entry.getKey(), out);
                    out.append(": ");
                    repr(entry.getValue(), out);
                    separator = ", ";
                }
                out.append('}');
            }
            case Value.DictView(String kind, List<Value> items) -> items(items, "dict_" + kind + "([", "])", out);
            case Value.Range(long start, long stop, long step) ->
                out.append("range(" + start + ", " + stop + (step == 1 ? ")" : ", " + step + ")"));
            case Macro macro ->
                out.append("<Macro ").append(quote(macro.source().name())).append('>');
            case Value.Namespace namespace -> out.append("<Namespace object>");
            case Value.Generator generator -> out.append("<generator object>");
            case Value.HasAttributes object ->
                out.append("<").append(object.getClass().getSimpleName()).append(" object>");
            case Value.Callable function -> out.append("<function>");
        }
    }

    private static void items(List<Value> items, String open, String close, StringBuilder out) {
        out.append(open);
        String separator = "";
        for (Value item : items) {
            out.append(separator);
            repr(item, out);
            separator = ", ";
        }
        out.append(close);
    }

    /** Names a value's type as Python does. */
    static String type(Value value) {
        return switch (value) {
            case Value.None none -> "NoneType";
            case Value.Undefined undefined -> "Undefined";
            case Value.Bool flag -> "bool";
            case Value.Int number -> "int";
            case Value.Float number -> "float";
            case Value.Str string -> "str";
            case Value.ListValue list -> "list";
            case Value.Tuple tuple -> "tuple";
            case Value.Dict dict -> "dict";
            case Value.DictView view -> "dict_" + view.kind();
            case Value.Range range -> "range";
            case Value.Generator generator -> "generator";
            case Value.Namespace namespace -> "Namespace";
            case Value.HasAttributes object -> object.getClass().getSimpleName();
            case Value.Callable function -> "function";
        };
    }

    /** Writes the shortest digits that read back as the same number, with an exponent below 1e-4 and from 1e16 on. */
    static String repr(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal decimal = shortest(number);
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            return decimal.scale() <= 0 ? decimal.setScale(1).toPlainString() : decimal.toPlainString();
        }
        String digits = decimal.unscaledValue().abs().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return (number < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+")
                + "%02d".formatted(Math.abs(exponent));
    }

    private static BigDecimal shortest(double number) {
        BigDecimal decimal = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        // Java keeps a second digit where one would do, as in 4.9E-324.
        BigDecimal oneDigit = decimal.round(new MathContext(1, RoundingMode.HALF_EVEN));
        return oneDigit.doubleValue() == number ? oneDigit.stripTrailingZeros() : decimal;
    }

    private static String quote(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder(text.length() + 2).append(quote);
        text.codePoints().forEach(c -> {
            if (c == quote || c == '\\') {
                out.append('\\').appendCodePoint(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c == '\r') {
                out.append("\\r");
            } else if (c == '\t') {
                out.append("\\t");
            } else if (isPrintable(c)) {
                out.appendCodePoint(c);
            } else {
                out.append((c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
            }
        });
        return out.append(quote).toString();
    }

    static boolean isPrintable(String text) {
        return text.codePoints().allMatch(PythonText::isPrintable);
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }

    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    static boolean isSpace(String text) {
        return !text.isEmpty() && text.codePoints().allMatch(PythonText::isSpace);
    }

    static String stripLeft(String text) {
        int start = 0;
        while (start < text.length() && isSpace(text.charAt(start))) {
            start++;
        }
        return text.substring(start);
    }

    static String stripRight(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    /** Counts code points, which is what Python calls a string's length. */
    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Splits text into its characters, as Python iterates over it. */
    static List<Value> characters(String text) {
        return text.codePoints()
                .mapToObj(c -> (Value) Value.Str.of(Character.toString(c)))
                .toList();
    }

    /** Escapes text for HTML, as the {@code escape} filter does. */
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace(">", "&gt;")
                .replace("<", "&lt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }
}
