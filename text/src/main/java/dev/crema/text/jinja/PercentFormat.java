package dev.crema.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code format % values}. */
final class PercentFormat {
    private static final Pattern DIRECTIVE =
            Pattern.compile("%(?:\\(([^)]*)\\))?([-+ #0]*)(\\d+)?(?:\\.(\\d+))?([a-zA-Z%])?");

    private PercentFormat() {}

    static String format(String format, Value values, Budget budget) {
        List<Value> positional = values instanceof Value.Tuple(List<Value> items) ? items : List.of(values);
        StringBuilder out = new StringBuilder();
        Matcher directive = DIRECTIVE.matcher(format);
        int next = 0;
        while (directive.find()) {
            directive.appendReplacement(out, "");
            String type = directive.group(5);
            if (type == null) {
                throw new TemplateFailure("'" + format + "' ends in an unfinished '%'");
            }
            if (type.equals("%")) {
                out.append('%');
                continue;
            }
            Value value;
            if (directive.group(1) != null) {
                value = named(values, directive.group(1));
            } else if (next < positional.size()) {
                value = positional.get(next++);
            } else {
                throw new TemplateFailure("'" + format + "' needs more values than it is given");
            }
            out.append(one(value, directive, type, budget));
            budget.size(out.length());
        }
        directive.appendTail(out);
        if (next < positional.size() && !(values instanceof Value.Dict)) {
            throw new TemplateFailure("'" + format + "' needs fewer values than it is given");
        }
        return out.toString();
    }

    private static Value named(Value values, String name) {
        if (values instanceof Value.Dict(Map<Value, Value> entries)
                && entries.get(Value.Str.of(name)) instanceof Value value) {
            return value;
        }
        throw new TemplateFailure("a format needs a value named '" + name + "'");
    }

    private static String one(Value value, Matcher directive, String type, Budget budget) {
        String flags = directive.group(2);
        String width = directive.group(3) == null ? "" : directive.group(3);
        String precision = directive.group(4) == null ? "" : "." + directive.group(4);
        String align = flags.contains("-") ? "<" : "";
        String sign = flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
        String prefix = flags.contains("#") ? "#" : "";
        String zero = flags.contains("0") && align.isEmpty() ? "0" : "";
        return switch (type) {
            case "s", "r", "a" -> {
                Value text = Value.Str.of(type.equals("s") ? PythonText.str(value) : PythonText.repr(value));
                yield NumberFormat.format(text, (align.isEmpty() ? ">" : align) + width + precision, budget);
            }
            case "d", "i", "u" -> NumberFormat.format(whole(value), align + sign + zero + width + "d", budget);
            case "c" -> value instanceof Value.Str string ? string.text() : NumberFormat.format(value, "c", budget);
            case "x", "X", "o", "e", "E", "f", "F", "g", "G" -> {
                if (!(value instanceof Value.Numeric)) {
                    Operators.defined(value);
                    throw new TemplateFailure("'%" + type + "' needs a number, not " + PythonText.type(value));
                }
                yield NumberFormat.format(value, align + sign + prefix + zero + width + precision + type, budget);
            }
            default -> throw new TemplateFailure("'%" + type + "' is not a format");
        };
    }

    private static Value whole(Value value) {
        Operators.defined(value);
        return switch (value) {
            case Value.Float(double number) -> Value.truncate(number);
            case Value.Numeric number -> new Value.Int(Operators.integer(number));
            default -> throw new TemplateFailure("'%d' needs a number, not " + PythonText.type(value));
        };
    }
}
