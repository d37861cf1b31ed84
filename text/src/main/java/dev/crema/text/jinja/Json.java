package dev.crema.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes JSON character for character as Python's {@code json.dumps}.
 *
 * @param ascii whether to escape everything outside ASCII
 * @param indent what to indent each level by, or {@code NO_INDENT} to stay on one line
 */
record Json(boolean ascii, String indent, String itemSeparator, String keySeparator, boolean sortKeys, Budget budget) {
    static final String NO_INDENT = "\0";

    String write(Value value) {
        StringBuilder out = new StringBuilder();
        write(value, "\n", out);
        budget.size(out.length());
        return out.toString();
    }

    private void write(Value value, String newline, StringBuilder out) {
        budget.step();
        switch (value) {
            case Value.None none -> out.append("null");
            case Value.Bool(boolean flag) -> out.append(flag);
            case Value.Int number -> out.append(number.value());
            case Value.Float(double number) -> out.append(number(number));
            case Value.Str string -> quote(string.text(), out);
            case Value.Sequence sequence -> list(sequence.items(), newline, out);
            case Value.Dict(Map<Value, Value> entries) -> dict(entries, newline, out);
            default ->
                throw new TemplateFailure("a value of type " + PythonText.type(value) + " cannot be written as JSON");
        }
    }

    private void list(List<Value> items, String newline, StringBuilder out) {
        if (items.isEmpty()) {
            out.append("[]");
            return;
        }
        out.append('[');
        boolean first = true;
        for (Value item : items) {
            separate(first, newline, out);
            write(item, deeper(newline), out);
            first = false;
        }
        close(newline, out).append(']');
    }

    private void dict(Map<Value, Value> entries, String newline, StringBuilder out) {
        if (entries.isEmpty()) {
            out.append("{}");
            return;
        }
        List<Map.Entry<Value, Value>> sorted = new ArrayList<>(entries.entrySet());
        if (sortKeys) {
            sorted.sort((a, b) -> Comparison.compare(a.getKey(), b.getKey()));
        }
        out.append('{');
        boolean first = true;
        for (Map.Entry<Value, Value> entry : sorted) {
            separate(first, newline, out);
            quote(key(entry.getKey()), out);
            out.append(keySeparator);
            write(entry.getValue(), deeper(newline), out);
            first = false;
        }
        close(newline, out).append('}');
    }

    private boolean indented() {
        return !indent.equals(NO_INDENT);
    }

    private String deeper(String newline) {
        return indented() ? newline + indent : newline;
    }

    private void separate(boolean first, String newline, StringBuilder out) {
        if (!first) {
            out.append(itemSeparator);
        }
        if (indented()) {
            out.append(deeper(newline));
        }
    }

    private StringBuilder close(String newline, StringBuilder out) {
        return indented() ? out.append(newline) : out;
    }

    private static String key(Value key) {
        return switch (key) {
            case Value.Str string -> string.text();
            case Value.None none -> "null";
            case Value.Bool(boolean flag) -> String.valueOf(flag);
            case Value.Int number -> number.value().toString();
            case Value.Float(double number) -> number(number);
            default ->
                throw new TemplateFailure("a key of type " + PythonText.type(key) + " cannot be written as JSON");
        };
    }

    private static String number(double number) {
        if (Double.isNaN(number)) {
            return "NaN";
        }
        return Double.isInfinite(number) ? number > 0 ? "Infinity" : "-Infinity" : PythonText.repr(number);
    }

    private void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || ascii && c > '~') {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
