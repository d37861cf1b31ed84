package dev.crema.cli.recipe;

import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads single values: numbers with {@code 10k} and {@code 2 GB}, durations, enums, paths. */
final class Scalars {
    private static final Pattern NUMBER =
            Pattern.compile("([+-]?(?:\\d[\\d_]*)?(?:\\.\\d+)?(?:[eE][+-]?\\d{1,3})?) ?([kKMGT]i?)?(B)?");
    private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?) ?(ms|s|m|h|d) ?");
    private static final Map<String, Long> UNIT_MILLIS =
            Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

    private Scalars() {}

    /** Reads text as a value of a type; throws {@link IllegalArgumentException} if it is not one. */
    static Object read(Class<?> type, String text) {
        String value = text.strip();
        if (type == String.class) {
            return text;
        } else if (type == int.class || type == Integer.class) {
            return number(value).intValueExact();
        } else if (type == long.class || type == Long.class) {
            return number(value).longValueExact();
        } else if (type == double.class || type == Double.class) {
            return number(value).doubleValue();
        } else if (type == boolean.class || type == Boolean.class) {
            return flag(value);
        } else if (type == Path.class) {
            return path(value);
        } else if (type == Duration.class) {
            return duration(value);
        } else if (type.isEnum()) {
            return constant(type, value);
        }
        throw new AssertionError("a setting cannot be of type " + type);
    }

    /** Describes what a type's values look like, for messages. */
    static String describe(Class<?> type) {
        if (type == int.class || type == Integer.class) {
            return "a whole number up to 2147483647, such as 200 or 10k";
        } else if (type == long.class || type == Long.class) {
            return "a whole number, such as 200, 10k or 2 GB";
        } else if (type == double.class || type == Double.class) {
            return "a number, such as 0.1 or 3e-4";
        } else if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        } else if (type == Path.class) {
            return "a file or folder";
        } else if (type == Duration.class) {
            return "a duration, such as 90s, 15m or 1h30m";
        } else if (type.isEnum()) {
            return "one of " + String.join(", ", constants(type));
        }
        return "text";
    }

    /** Returns the names of an enum's values as recipes spell them. */
    static List<String> constants(Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> Names.snake(((Enum<?>) constant).name()))
                .toList();
    }

    /** Returns a value in the form that {@link #read} takes, for {@link YamlWriter}. */
    static Object write(Object value) {
        return switch (value) {
            case Enum<?> constant -> Names.snake(constant.name());
            case Path path -> path.toString().replace('\\', '/');
            case Duration duration -> write(duration);
            default -> value;
        };
    }

    private static BigDecimal number(String text) {
        Matcher matcher = NUMBER.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a number");
        }
        String unit = matcher.group(2) == null ? "" : matcher.group(2);
        long base = unit.endsWith("i") ? 1024 : 1000;
        int power = unit.isEmpty() ? 0 : "KMGT".indexOf(Character.toUpperCase(unit.charAt(0))) + 1;
        return new BigDecimal(matcher.group(1).replace("_", ""))
                .multiply(BigDecimal.valueOf(base).pow(power));
    }

    private static boolean flag(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("neither true nor false");
        };
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Duration duration(String text) {
        Matcher part = DURATION.matcher(text);
        double millis = 0;
        int end = 0;
        while (part.find() && part.start() == end) {
            millis += Double.parseDouble(part.group(1)) * UNIT_MILLIS.getOrDefault(part.group(2), 0L);
            end = part.end();
        }
        if (text.isEmpty() || end != text.length()) {
            throw new IllegalArgumentException("not a duration");
        }
        return Duration.ofMillis(Math.round(millis));
    }

    private static String write(Duration duration) {
        // toString is PT36H1M30.5S; recipes spell that 36h1m30.5s.
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    private static Object constant(Class<?> type, String text) {
        for (Object constant : type.getEnumConstants()) {
            if (Names.snake(((Enum<?>) constant).name()).equals(text)) {
                return constant;
            }
        }
        throw new IllegalArgumentException("no such value");
    }
}
