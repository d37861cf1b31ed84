package dev.crema.text.jinja;

import dev.crema.text.jinja.Arguments.Bound;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str}. */
final class StringMethods {
    private static final Set<String> NAMES = Set.of(
            "capitalize",
            "casefold",
            "center",
            "count",
            "endswith",
            "expandtabs",
            "find",
            "format",
            "index",
            "isalnum",
            "isalpha",
            "isascii",
            "isdecimal",
            "isdigit",
            "isidentifier",
            "islower",
            "isnumeric",
            "isprintable",
            "isspace",
            "istitle",
            "isupper",
            "join",
            "ljust",
            "lower",
            "lstrip",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rindex",
            "rjust",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "upper",
            "zfill");

    private final String text;
    private final Members members;
    private final Budget budget;

    StringMethods(String text, Members members, Budget budget) {
        this.text = text;
        this.members = members;
        this.budget = budget;
    }

    static boolean exists(String name) {
        return NAMES.contains(name);
    }

    Value call(String name, Arguments arguments) {
        budget.size(text.length());
        return switch (name) {
            case "strip", "lstrip", "rstrip" -> {
                Bound bound = arguments.bindPositional(name, "chars?");
                yield Value.Str.of(strip(name, bound.has("chars") ? bound.text("chars") : null));
            }
            case "split", "rsplit" -> {
                Bound bound = arguments.bind(name, "sep?", "maxsplit?");
                int limit = bound.number("maxsplit", -1);
                List<String> parts = bound.has("sep")
                        ? Splitting.bySeparator(text, bound.text("sep"), limit, name.equals("rsplit"))
                        : Splitting.bySpace(text, limit, name.equals("rsplit"));
                yield strings(parts);
            }
            case "splitlines" ->
                strings(Splitting.lines(text, arguments.bind(name, "keepends?").flag("keepends")));
            case "partition", "rpartition" ->
                partition(arguments.bindPositional(name, "sep").text("sep"), name.equals("rpartition"));
            case "startswith", "endswith" ->
                affix(arguments.bindPositional(name, "prefix", "start?", "end?"), name.equals("endswith"));
            case "replace" -> {
                Bound bound = arguments.bind(name, "old", "new", "count?");
                yield Value.Str.of(
                        replace(text, bound.text("old"), bound.text("new"), bound.number("count", -1), budget));
            }
            case "removeprefix" -> {
                String prefix = arguments.bindPositional(name, "prefix").text("prefix");
                yield Value.Str.of(text.startsWith(prefix) ? text.substring(prefix.length()) : text);
            }
            case "removesuffix" -> {
                String suffix = arguments.bindPositional(name, "suffix").text("suffix");
                yield Value.Str.of(text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text);
            }
            case "find", "rfind", "index", "rindex", "count" ->
                search(name, arguments.bindPositional(name, "sub", "start?", "end?"));
            case "join" -> join(arguments.bindPositional(name, "iterable").value("iterable"));
            case "format" -> Value.Str.of(BraceFormat.format(text, arguments, members, budget));
            case "center", "ljust", "rjust" -> justify(name, arguments.bindPositional(name, "width", "fillchar?"));
            case "zfill" -> zfill(arguments.bindPositional(name, "width").number("width"));
            case "expandtabs" -> expandTabs(arguments.bind(name, "tabsize?").number("tabsize", 8));
            case "upper" -> cased(name, arguments, text.toUpperCase(Locale.ROOT));
            case "lower" -> cased(name, arguments, text.toLowerCase(Locale.ROOT));
            case "casefold" ->
                cased(name, arguments, text.toLowerCase(Locale.ROOT).replace("ß", "ss"));
            case "capitalize" -> cased(name, arguments, capitalize(text));
            case "title" -> cased(name, arguments, title(text));
            case "swapcase" -> cased(name, arguments, swapCase(text));
            default -> Value.Bool.of(is(name, arguments));
        };
    }

    private static Value cased(String name, Arguments arguments, String result) {
        arguments.bindPositional(name);
        return Value.Str.of(result);
    }

    private String strip(String name, @Nullable String characters) {
        IntPredicate strips = characters == null ? PythonText::isSpace : c -> characters.indexOf(c) >= 0;
        int start = 0;
        int end = text.length();
        while (!name.equals("rstrip") && start < end && strips.test(text.codePointAt(start))) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (!name.equals("lstrip") && end > start && strips.test(text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    private Value strings(List<String> parts) {
        budget.size(parts.size());
        List<Value> values = new ArrayList<>(parts.size());
        parts.forEach(part -> values.add(Value.Str.of(part)));
        return new Value.ListValue(Collections.unmodifiableList(values));
    }

    private Value partition(String separator, boolean last) {
        if (separator.isEmpty()) {
            throw new TemplateFailure("partition() needs a separator that is not empty");
        }
        int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
        if (at < 0) {
            Value whole = Value.Str.of(text);
            return last
                    ? Value.Tuple.of(Value.Str.EMPTY, Value.Str.EMPTY, whole)
                    : Value.Tuple.of(whole, Value.Str.EMPTY, Value.Str.EMPTY);
        }
        return Value.Tuple.of(
                Value.Str.of(text.substring(0, at)),
                Value.Str.of(separator),
                Value.Str.of(text.substring(at + separator.length())));
    }

    private String part(Bound bound) {
        return bound.has("start") || bound.has("end")
                ? PythonText.str(
                        Slices.slice(Value.Str.of(text), bound.value("start"), bound.value("end"), Value.None.NONE))
                : text;
    }

    private Value affix(Bound bound, boolean atEnd) {
        String part = part(bound);
        List<Value> affixes = bound.value("prefix") instanceof Value.Tuple(List<Value> items)
                ? items
                : List.of(Value.Str.of(bound.text("prefix")));
        return Value.Bool.of(affixes.stream().map(PythonText::str).anyMatch(atEnd ? part::endsWith : part::startsWith));
    }

    private Value search(String name, Bound bound) {
        String part = part(bound);
        String wanted = bound.text("sub");
        if (name.equals("count")) {
            return Value.Int.of(occurrences(part, wanted));
        }
        int at = name.startsWith("r") ? part.lastIndexOf(wanted) : part.indexOf(wanted);
        if (at < 0) {
            if (name.endsWith("index")) {
                throw new TemplateFailure(name + "() does not find '" + wanted + "'");
            }
            return Value.Int.of(-1);
        }
        int start = bound.number("start", 0);
        int length = PythonText.length(text);
        int offset = Math.max(0, Math.min(length, start < 0 ? start + length : start));
        return Value.Int.of(offset + part.codePointCount(0, at));
    }

    private static long occurrences(String text, String wanted) {
        if (wanted.isEmpty()) {
            return PythonText.length(text) + 1L;
        }
        long count = 0;
        for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length())) {
            count++;
        }
        return count;
    }

    static String replace(String text, String old, String replacement, int limit, Budget budget) {
        if (limit == 0) {
            return text;
        }
        long most = limit < 0 ? Long.MAX_VALUE : limit;
        long count = Math.min(most, occurrences(text, old));
        budget.size(text.length() + count * (replacement.length() - old.length()));
        StringBuilder out = new StringBuilder();
        int from = 0;
        for (long i = 0; i < count; i++) {
            int at = old.isEmpty() ? (i == 0 ? 0 : text.offsetByCodePoints(from, 1)) : text.indexOf(old, from);
            out.append(text, from, at).append(replacement);
            from = at + old.length();
        }
        return out.append(text, from, text.length()).toString();
    }

    private Value join(Value iterable) {
        StringBuilder out = new StringBuilder();
        boolean first = true;
        for (Value item : Operators.itemsIfAny(iterable)
                .orElseThrow(() -> new TemplateFailure("join() cannot iterate a " + PythonText.type(iterable)))) {
            if (!(item instanceof Value.Str string)) {
                throw new TemplateFailure("join() needs text in every place, got " + PythonText.type(item));
            }
            out.append(first ? "" : text).append(string.text());
            budget.grow(out.length());
            first = false;
        }
        budget.size(out.length());
        return Value.Str.of(out.toString());
    }

    private Value justify(String name, Bound bound) {
        int width = bound.number("width");
        budget.size(width);
        String fill = bound.text("fillchar", " ");
        int missing = Math.max(0, width - PythonText.length(text));
        int left = switch (name) {
            case "ljust" -> 0;
            case "rjust" -> missing;
            default -> missing / 2 + (missing & width & 1);
        };
        return Value.Str.of(fill.repeat(left) + text + fill.repeat(missing - left));
    }

    private Value zfill(int width) {
        budget.size(width);
        boolean signed = text.startsWith("-") || text.startsWith("+");
        String zeros = "0".repeat(Math.max(0, width - PythonText.length(text)));
        return Value.Str.of(signed ? text.charAt(0) + zeros + text.substring(1) : zeros + text);
    }

    private Value expandTabs(int size) {
        budget.size((long) text.length() * Math.max(1, size));
        StringBuilder out = new StringBuilder();
        int column = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\t') {
                int spaces = size <= 0 ? 0 : size - column % size;
                out.append(" ".repeat(spaces));
                column += spaces;
            } else {
                out.append(c);
                column = c == '\n' || c == '\r' ? 0 : column + (Character.isLowSurrogate(c) ? 0 : 1);
            }
        }
        return Value.Str.of(out.toString());
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = Character.charCount(text.codePointAt(0));
        return new StringBuilder()
                .appendCodePoint(Character.toTitleCase(text.codePointAt(0)))
                .append(text.substring(first).toLowerCase(Locale.ROOT))
                .toString();
    }

    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inWord = isCased(c);
        }
        return out.toString();
    }

    private static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    private static String swapCase(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints()
                .forEach(c -> out.appendCodePoint(
                        Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c)));
        return out.toString();
    }

    private boolean is(String name, Arguments arguments) {
        arguments.bindPositional(name);
        return switch (name) {
            case "islower" -> isLower(text);
            case "isupper" -> isUpper(text);
            case "istitle" -> text.codePoints().anyMatch(StringMethods::isCased) && text.equals(title(text));
            case "isascii" -> text.chars().allMatch(c -> c < 128);
            case "isidentifier" -> text.matches("[\\p{L}\\p{Nl}_][\\p{L}\\p{Nl}\\p{Mn}\\p{Mc}\\p{Nd}\\p{Pc}]*");
            case "isprintable" -> PythonText.isPrintable(text);
            case "isspace" -> every(PythonText::isSpace);
            case "isalpha" -> every(Character::isLetter);
            case "isalnum" -> every(c -> Character.isLetter(c) || isNumeric(c));
            case "isdecimal" -> every(Character::isDigit);
            case "isdigit" -> every(c -> Character.isDigit(c) || "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".indexOf(c) >= 0);
            default -> every(StringMethods::isNumeric);
        };
    }

    private static boolean isNumeric(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    private boolean every(IntPredicate holds) {
        return !text.isEmpty() && text.codePoints().allMatch(holds);
    }

    static boolean isLower(String text) {
        return text.codePoints().anyMatch(Character::isLowerCase)
                && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }

    static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Character::isUpperCase)
                && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
    }
}
