package dev.crema.cli.recipe;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.Collection;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Writes maps, lists and scalars as YAML: maps in block form, lists of scalars on one line. */
final class YamlWriter {
    /** What no YAML reader takes for anything but this very text. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./][A-Za-z0-9_./+@-]*( [A-Za-z0-9_./+@-]+)*");

    private static final Pattern KEYWORD =
            Pattern.compile("(?i)null|true|false|yes|no|on|off|y|n|[.](inf|nan)|0x.*|[.\\d_-]+(e[+-]?\\d+)?");

    private final StringBuilder out = new StringBuilder();

    private YamlWriter() {}

    static String write(Map<String, ?> root) {
        var writer = new YamlWriter();
        writer.mapping(root, "");
        return writer.out.toString();
    }

    private void mapping(Map<?, ?> map, String indent) {
        map.forEach((key, value) -> {
            out.append(indent).append(text((String) key)).append(':');
            value(value, indent);
        });
    }

    private void value(Object value, String indent) {
        switch (value) {
            case Map<?, ?> map
            when !map.isEmpty() -> {
                out.append('\n');
                mapping(map, indent + "  ");
            }
            case Collection<?> list
            when list.stream().anyMatch(YamlWriter::isNested) -> {
                out.append('\n');
                for (Object item : list) {
                    out.append(indent).append("  -");
                    if (item instanceof Map<?, ?> map && !map.isEmpty()) {
                        int start = out.length();
                        mapping(map, indent + "    ");
                        // The first key stands beside the dash.
                        out.replace(start, start + indent.length() + 4, " ");
                    } else {
                        value(item, indent + "  ");
                    }
                }
            }
            default -> out.append(' ').append(inline(value)).append('\n');
        }
    }

    private static boolean isNested(Object item) {
        return item instanceof Map<?, ?> || item instanceof Collection<?>;
    }

    private static String inline(Object value) {
        return switch (value) {
            case Map<?, ?> _ -> "{}";
            case Collection<?> list ->
                list.stream().map(YamlWriter::inline).collect(Collectors.joining(", ", "[", "]"));
            case Double number -> number(number);
            case Number number -> number.toString();
            case Boolean flag -> flag.toString();
            default -> text(value.toString());
        };
    }

    /** Writes {@code 3e-4} for Java's {@code 3.0E-4}. */
    private static String number(double number) {
        return Double.toString(number).replace(".0E", "e").replace('E', 'e');
    }

    private static String text(String text) {
        boolean plain = PLAIN.matcher(text).matches() && !KEYWORD.matcher(text).matches();
        return plain ? text : '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
