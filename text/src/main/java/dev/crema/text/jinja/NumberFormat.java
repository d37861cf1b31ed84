package dev.crema.text.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Python's format mini-language: {@code [[fill]align][sign][#][0][width][,][.precision][type]}.
 *
 * @see <a href="https://docs.python.org/3/library/string.html#formatspec">Format specification</a>
 */
final class NumberFormat {
    private static final Pattern SPEC = Pattern.compile(
            "(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d+)?([,_])?(?:\\.(\\d+))?([bcdeEfFgGnosxX%])?", Pattern.DOTALL);
    private static final int MAX_DIGITS = 1000;

    private NumberFormat() {}

    /** Formats a value as {@code format(value, spec)} does. */
    static String format(Value value, String spec, Budget budget) {
        if (spec.isEmpty()) {
            return PythonText.str(value);
        }
        Matcher parts = SPEC.matcher(spec);
        if (!parts.matches()) {
            throw new TemplateFailure("'" + spec + "' is not a format");
        }
        int width = bounded(parts.group(6), 0, budget);
        int precision = bounded(parts.group(8), -1, budget);
        String type = parts.group(9) == null ? "" : parts.group(9);
        boolean numeric = value instanceof Value.Numeric;
        if (!numeric && !(value instanceof Value.Str)) {
            throw new TemplateFailure("a " + PythonText.type(value) + " takes no format '" + spec + "'");
        }
        if (!numeric) {
            if (!type.isEmpty() && !type.equals("s")) {
                throw new TemplateFailure("format '" + type + "' needs a number, not " + PythonText.type(value));
            }
            String text = PythonText.str(value);
            String cut = precision < 0 || PythonText.length(text) <= precision
                    ? text
                    : text.substring(0, text.offsetByCodePoints(0, precision));
            return pad(cut, "", fill(parts, " "), align(parts, "<"), width);
        }
        String digits = digits((Value.Numeric) value, type, precision, parts.group(4) != null);
        boolean negative = digits.startsWith("-");
        String sign = negative ? "-" : parts.group(3) == null || parts.group(3).equals("-") ? "" : parts.group(3);
        String body = negative ? digits.substring(1) : digits;
        String grouped = parts.group(7) == null ? body : group(body, parts.group(7));
        boolean zero = parts.group(5) != null;
        return pad(grouped, sign, fill(parts, zero ? "0" : " "), align(parts, zero ? "=" : ">"), width);
    }

    private static int bounded(String digits, int otherwise, Budget budget) {
        if (digits == null) {
            return otherwise;
        }
        long number = digits.length() > 9 ? Integer.MAX_VALUE : Long.parseLong(digits);
        budget.size(number);
        return (int) number;
    }

    private static String fill(Matcher parts, String otherwise) {
        return parts.group(1) == null ? otherwise : parts.group(1);
    }

    private static String align(Matcher parts, String otherwise) {
        return parts.group(2) == null ? otherwise : parts.group(2);
    }

    private static String pad(String body, String sign, String fill, String align, int width) {
        int missing = Math.max(0, width - PythonText.length(body) - sign.length());
        return switch (align) {
            case "<" -> sign + body + fill.repeat(missing);
            case "^" -> fill.repeat(missing / 2) + sign + body + fill.repeat(missing - missing / 2);
            case "=" -> sign + fill.repeat(missing) + body;
            default -> fill.repeat(missing) + sign + body;
        };
    }

    private static String group(String digits, String separator) {
        int end = 0;
        while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
            end++;
        }
        StringBuilder out = new StringBuilder(digits);
        for (int i = end - 3; i > 0; i -= 3) {
            out.insert(i, separator);
        }
        return out.toString();
    }

    static String digits(Value.Numeric value, String type, int precision, boolean prefixed) {
        return switch (type) {
            case "", "d", "n" -> {
                if (value instanceof Value.Float(double number)) {
                    if (!type.isEmpty()) {
                        throw new TemplateFailure("format '" + type + "' needs an integer, not float");
                    }
                    yield precision < 0 ? PythonText.repr(number) : general(number, precision);
                }
                yield Operators.integer(value).toString();
            }
            case "x" -> (prefixed ? "0x" : "") + Operators.integer(value).toString(16);
            case "X" ->
                (prefixed ? "0X" : "") + Operators.integer(value).toString(16).toUpperCase();
            case "o" -> (prefixed ? "0o" : "") + Operators.integer(value).toString(8);
            case "b" -> (prefixed ? "0b" : "") + Operators.integer(value).toString(2);
            case "c" -> Character.toString(Operators.index(value, "a character's code"));
            case "f", "F" -> fixed(value.asDouble(), precision < 0 ? 6 : precision);
            case "%" -> fixed(value.asDouble() * 100, precision < 0 ? 6 : precision) + "%";
            case "e", "E" -> exponent(value.asDouble(), precision < 0 ? 6 : precision, type);
            case "g", "G" -> general(value.asDouble(), precision < 0 ? 6 : precision);
            default -> throw new TemplateFailure("format '" + type + "' does not suit a number");
        };
    }

    private static String fixed(double number, int precision) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return PythonText.repr(number);
        }
        String digits = new BigDecimal(number)
                .setScale(limited(precision), RoundingMode.HALF_EVEN)
                .toPlainString();
        return number < 0 && !digits.startsWith("-") || number == 0 && 1 / number < 0 ? "-" + digits : digits;
    }

    private static int limited(int precision) {
        if (precision > MAX_DIGITS) {
            throw new TemplateFailure("a format asks for " + precision + " digits, more than " + MAX_DIGITS);
        }
        return precision;
    }

    private static String exponent(double number, int precision, String letter) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return PythonText.repr(number);
        }
        if (number == 0) {
            return fixed(number, precision) + letter + "+00";
        }
        BigDecimal rounded =
                new BigDecimal(number).round(new MathContext(limited(precision) + 1, RoundingMode.HALF_EVEN));
        int power = rounded.precision() - rounded.scale() - 1;
        String mantissa = rounded.movePointLeft(power)
                .setScale(precision, RoundingMode.HALF_EVEN)
                .toPlainString();
        return mantissa + letter + (power < 0 ? "-" : "+") + (Math.abs(power) < 10 ? "0" : "") + Math.abs(power);
    }

    private static String general(double number, int precision) {
        if (Double.isNaN(number) || Double.isInfinite(number) || number == 0) {
            return number == 0 ? "0" : PythonText.repr(number);
        }
        int significant = Math.max(1, limited(precision));
        BigDecimal rounded = new BigDecimal(number)
                .round(new MathContext(significant, RoundingMode.HALF_EVEN))
                .stripTrailingZeros();
        int power = rounded.precision() - rounded.scale() - 1;
        return power < -4 || power >= significant
                ? exponent(number, Math.max(0, rounded.precision() - 1), "e")
                : rounded.toPlainString();
    }
}
