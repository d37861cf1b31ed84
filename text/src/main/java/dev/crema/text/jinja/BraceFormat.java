package dev.crema.text.jinja;

import java.util.Map;

/** Python's {@code str.format}, whose fields reach into values only as far as a template may. */
final class BraceFormat {
    private final String format;
    private final Arguments arguments;
    private final Members members;
    private final Budget budget;
    private int automatic;

    private BraceFormat(String format, Arguments arguments, Members members, Budget budget) {
        this.format = format;
        this.arguments = arguments;
        this.members = members;
        this.budget = budget;
    }

    static String format(String format, Arguments arguments, Members members, Budget budget) {
        return new BraceFormat(format, arguments, members, budget).expand(format, 2);
    }

    private String expand(String text, int nesting) {
        if (nesting == 0) {
            throw new TemplateFailure("'" + format + "' nests its fields too deep");
        }
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            boolean doubled = i + 1 < text.length() && text.charAt(i + 1) == c;
            if ((c == '{' || c == '}') && doubled) {
                out.append(c);
                i += 2;
            } else if (c == '{') {
                int close = closing(text, i);
                out.append(field(text.substring(i + 1, close), nesting));
                budget.size(out.length());
                i = close + 1;
            } else if (c == '}') {
                throw new TemplateFailure("'" + format + "' has a single '}'");
            } else {
                out.append(c);
                i++;
            }
        }
        return out.toString();
    }

    private int closing(String text, int open) {
        int depth = 0;
        for (int i = open; i < text.length(); i++) {
            if (text.charAt(i) == '{') {
                depth++;
            } else if (text.charAt(i) == '}' && --depth == 0) {
                return i;
            }
        }
        throw new TemplateFailure("'" + format + "' has a '{' that is not closed");
    }

    private String field(String field, int nesting) {
        int colon = field.indexOf(':');
        String name = colon < 0 ? field : field.substring(0, colon);
        int bang = name.indexOf('!');
        Value value = lookUp(bang < 0 ? name : name.substring(0, bang));
        String spec = colon < 0 ? "" : expand(field.substring(colon + 1), nesting - 1);
        return switch (bang < 0 ? "" : name.substring(bang + 1)) {
            case "" -> NumberFormat.format(value, spec, budget);
            case "s" -> NumberFormat.format(Value.Str.of(PythonText.str(value)), spec, budget);
            case "r" -> NumberFormat.format(Value.Str.of(PythonText.repr(value)), spec, budget);
            default -> throw new TemplateFailure("'" + format + "' has an unknown conversion in '" + field + "'");
        };
    }

    private Value lookUp(String path) {
        int end = 0;
        while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
            end++;
        }
        Value value = first(path.substring(0, end));
        while (end < path.length()) {
            if (path.charAt(end) == '.') {
                int next = end + 1;
                while (next < path.length() && path.charAt(next) != '.' && path.charAt(next) != '[') {
                    next++;
                }
                value = members.attribute(value, path.substring(end + 1, next));
                end = next;
            } else {
                int close = path.indexOf(']', end);
                if (close < 0) {
                    throw new TemplateFailure("'" + format + "' has a '[' that is not closed");
                }
                String key = path.substring(end + 1, close);
                value = members.item(
                        value, key.matches("\\d{1,9}") ? Value.Int.of(Long.parseLong(key)) : Value.Str.of(key));
                end = close + 1;
            }
        }
        return value;
    }

    private Value first(String name) {
        if (name.isEmpty() || name.matches("\\d{1,9}")) {
            int index = name.isEmpty() ? automatic++ : Integer.parseInt(name);
            if (index < arguments.positional().size()) {
                return arguments.positional().get(index);
            }
            throw new TemplateFailure("'" + format + "' needs more values than it is given");
        }
        Map<String, Value> named = arguments.named();
        if (!named.containsKey(name)) {
            throw new TemplateFailure("'" + format + "' needs a value named '" + name + "'");
        }
        return named.get(name);
    }
}
