package dev.crema.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;

/** How Python reads numbers from text, and rounds them. */
final class Numbers {
    private static final int MAX_DIGITS = 4300;

    private Numbers() {}

    static Optional<Value> parseInt(String text, int base) {
        String digits = PythonText.stripLeft(PythonText.stripRight(text)).toLowerCase(Locale.ROOT);
        String sign = digits.startsWith("-") ? "-" : "";
        String body = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(1) : digits;
        String prefix = switch (base) {
            case 2 -> "0b";
            case 8 -> "0o";
            case 16 -> "0x";
            default -> "";
        };
        if (!prefix.isEmpty() && body.startsWith(prefix)) {
            body = body.substring(2);
        }
        if (!body.matches("[\\p{Nd}a-z]+(_[\\p{Nd}a-z]+)*") || body.length() > MAX_DIGITS || base < 2 || base > 36) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Value.Int(new BigInteger(sign + body.replace("_", ""), base)));
        } catch (NumberFormatException notInBase) {
            return Optional.empty();
        }
    }

    static Optional<Double> parseFloat(String text) {
        String digits = PythonText.stripLeft(PythonText.stripRight(text)).toLowerCase(Locale.ROOT);
        return switch (digits) {
            case "inf", "+inf", "infinity", "+infinity" -> Optional.of(Double.POSITIVE_INFINITY);
            case "-inf", "-infinity" -> Optional.of(Double.NEGATIVE_INFINITY);
            case "nan", "+nan", "-nan" -> Optional.of(Double.NaN);
            default ->
                digits.matches("[+-]?(\\d+(_\\d+)*\\.?(\\d+(_\\d+)*)?|\\.\\d+(_\\d+)*)(e[+-]?\\d+(_\\d+)*)?")
                        ? Optional.of(Double.parseDouble(digits.replace("_", "")))
                        : Optional.empty();
        };
    }

    /** Rounds as Jinja's filter does: half to even for {@code common}. */
    static Value round(Value.Numeric number, int precision, String method) {
        boolean whole = !(number instanceof Value.Float);
        double value = number.asDouble();
        return switch (method) {
            case "common" -> {
                if (whole && precision >= 0) {
                    yield new Value.Int(Operators.integer(number));
                }
                if (Double.isNaN(value) || Double.isInfinite(value)) {
                    yield number;
                }
                BigDecimal exact = whole ? new BigDecimal(Operators.integer(number)) : new BigDecimal(value);
                int digits = Math.max(-400, Math.min(400, precision));
                BigDecimal rounded = exact.setScale(digits, RoundingMode.HALF_EVEN);
                yield whole
                        ? new Value.Int(rounded.toBigInteger())
                        : new Value.Float(signed(rounded.doubleValue(), value));
            }
            case "ceil" -> scaled(Math.ceil(value * Math.pow(10, precision)), precision);
            case "floor" -> scaled(Math.floor(value * Math.pow(10, precision)), precision);
            default -> throw new TemplateFailure("round's method is 'common', 'ceil' or 'floor', not '" + method + "'");
        };
    }

    private static double signed(double magnitude, double like) {
        return magnitude == 0 ? Math.copySign(0, like) : magnitude;
    }

    private static Value scaled(double value, int precision) {
        return new Value.Float(value / Math.pow(10, precision));
    }
}
