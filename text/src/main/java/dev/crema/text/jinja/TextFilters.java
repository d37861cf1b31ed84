package dev.crema.text.jinja;

import dev.crema.text.jinja.Arguments.Bound;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The filters that make text of text. */
final class TextFilters {
    static final Set<String> NAMES = Set.of(
            "capitalize",
            "center",
            "e",
            "escape",
            "forceescape",
            "format",
            "indent",
            "lower",
            "replace",
            "safe",
            "title",
            "trim",
            "truncate",
            "upper",
            "urlencode",
            "wordcount");
    private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern WORD_START = Pattern.compile("[-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);

    private final Members members;
    private final Budget budget;

    TextFilters(Members members, Budget budget) {
        this.members = members;
        this.budget = budget;
    }

    Value apply(String name, Value subject, Arguments arguments) {
        String text = PythonText.str(subject);
        budget.size(text.length());
        return switch (name) {
            case "format" -> format(text, arguments);
            case "replace" -> {
                Bound bound = arguments.bind(name, "old", "new", "count?");
                String old = PythonText.str(bound.value("old"));
                String replacement = PythonText.str(bound.value("new"));
                yield Value.Str.of(StringMethods.replace(text, old, replacement, bound.number("count", -1), budget));
            }
            case "trim" -> method(text, "strip", arguments.bind(name, "chars?").value("chars"));
            case "center" ->
                method(text, "center", arguments.bind(name, "width?").value("width", Value.Int.of(80)));
            case "indent" -> indent(text, arguments);
            case "truncate" -> truncate(text, arguments);
            case "urlencode" -> Value.Str.of(urlEncode(subject));
            default -> {
                arguments.bind(name);
                yield plain(name, subject, text);
            }
        };
    }

    private Value plain(String name, Value subject, String text) {
        return switch (name) {
            case "upper" -> Value.Str.of(text.toUpperCase(Locale.ROOT));
            case "lower" -> Value.Str.of(text.toLowerCase(Locale.ROOT));
            case "capitalize" -> Value.Str.of(StringMethods.capitalize(text));
            case "title" -> Value.Str.of(title(text));
            case "wordcount" -> Value.Int.of(WORD.matcher(text).results().count());
            case "safe" -> new Value.Str(text, true);
            case "forceescape" -> new Value.Str(PythonText.escape(text), true);
            default ->
                new Value.Str(
                        subject instanceof Value.Str string ? Operators.escaped(string) : PythonText.escape(text),
                        true);
        };
    }

    private Value method(String text, String name, Value argument) {
        return new StringMethods(text, members, budget).call(name, Arguments.of(argument));
    }

    private Value format(String text, Arguments arguments) {
        if (!arguments.named().isEmpty() && !arguments.positional().isEmpty()) {
            throw new TemplateFailure("format takes values by position or by name, not both");
        }
        Value values =
                arguments.named().isEmpty() ? new Value.Tuple(arguments.positional()) : byName(arguments.named());
        return Value.Str.of(PercentFormat.format(text, values, budget));
    }

    private static Value byName(Map<String, Value> named) {
        return new Value.Dict(named.entrySet().stream()
                .collect(Collectors.toMap(entry -> Value.Str.of(entry.getKey()), Map.Entry::getValue)));
    }

    private Value indent(String text, Arguments arguments) {
        Bound bound = arguments.bind("indent", "width?", "first?", "blank?");
        String indention = bound.value("width") instanceof Value.Str string
                ? string.text()
                : " ".repeat(Math.max(0, sized(bound.number("width", 4))));
        List<String> lines = Splitting.lines(text + "\n", false);
        budget.size(text.length() + (long) lines.size() * indention.length());
        StringBuilder out = new StringBuilder(bound.flag("first") ? indention : "").append(lines.getFirst());
        for (String line : lines.subList(1, lines.size())) {
            out.append('\n')
                    .append(line.isEmpty() && !bound.flag("blank") ? "" : indention)
                    .append(line);
        }
        return Value.Str.of(out.toString());
    }

    private int sized(int width) {
        budget.size(width);
        return width;
    }

    private static Value truncate(String text, Arguments arguments) {
        Bound bound = arguments.bind("truncate", "length?", "killwords?", "end?", "leeway?");
        int length = bound.number("length", 255);
        String end = bound.text("end", "...");
        int leeway = bound.number("leeway", 5);
        if (length < PythonText.length(end) || leeway < 0) {
            throw new TemplateFailure("truncate needs a length of at least " + PythonText.length(end)
                    + " and no negative leeway, got " + length + " and " + leeway);
        }
        if (PythonText.length(text) <= (long) length + leeway) {
            return Value.Str.of(text);
        }
        String cut = text.substring(0, text.offsetByCodePoints(0, length - PythonText.length(end)));
        int space = cut.lastIndexOf(' ');
        return Value.Str.of((bound.flag("killwords") || space < 0 ? cut : cut.substring(0, space)) + end);
    }

    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        Matcher breaks = WORD_START.matcher(text);
        int start = 0;
        while (breaks.find()) {
            out.append(titled(text.substring(start, breaks.start()))).append(breaks.group());
            start = breaks.end();
        }
        return out.append(titled(text.substring(start))).toString();
    }

    private static String titled(String word) {
        if (word.isEmpty()) {
            return word;
        }
        int first = Character.charCount(word.codePointAt(0));
        return word.substring(0, first).toUpperCase(Locale.ROOT)
                + word.substring(first).toLowerCase(Locale.ROOT);
    }

    private static String urlEncode(Value subject) {
        if (subject instanceof Value.Str || Operators.itemsIfAny(subject).isEmpty()) {
            return quote(PythonText.str(subject), "/");
        }
        List<Value> pairs = subject instanceof Value.Dict dict
                ? CollectionMethods.pairs(dict)
                : Operators.itemsIfAny(subject).orElseThrow();
        List<String> parts = new ArrayList<>();
        for (Value pair : pairs) {
            if (!(pair instanceof Value.Sequence sequence) || sequence.items().size() != 2) {
                throw new TemplateFailure("urlencode needs pairs, got " + PythonText.repr(pair));
            }
            parts.add(formQuote(sequence.items().getFirst()) + "="
                    + formQuote(sequence.items().getLast()));
        }
        return String.join("&", parts);
    }

    private static String formQuote(Value value) {
        return quote(PythonText.str(value), "").replace("%20", "+");
    }

    private static String quote(String text, String safe) {
        String encoded = URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
        return safe.isEmpty() ? encoded : encoded.replace("%2F", "/");
    }
}
