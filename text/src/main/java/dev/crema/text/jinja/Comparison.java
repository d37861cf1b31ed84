package dev.crema.text.jinja;

import java.math.BigDecimal;

/** Orders values as Python does: numbers exactly, text by code point, sequences item by item. */
final class Comparison {
    private Comparison() {}

    /** How two numbers compare; NaN is unordered. */
    enum Order {
        LESS,
        EQUAL,
        GREATER,
        UNORDERED
    }

    static Order order(Value.Numeric left, Value.Numeric right) {
        double a = left.asDouble();
        double b = right.asDouble();
        if (Double.isNaN(a) || Double.isNaN(b)) {
            return Order.UNORDERED;
        }
        int sign = Double.isInfinite(a) || Double.isInfinite(b)
                ? Double.compare(a, b)
                : exact(left).compareTo(exact(right));
        return sign < 0 ? Order.LESS : sign > 0 ? Order.GREATER : Order.EQUAL;
    }

    private static BigDecimal exact(Value.Numeric number) {
        return number instanceof Value.Float(double decimal)
                ? new BigDecimal(decimal)
                : new BigDecimal(Operators.integer(number));
    }

    /** Orders two values for sorting; text goes by code point. */
    static int compare(Value left, Value right) {
        Operators.defined(left, right);
        if (left instanceof Value.Numeric a && right instanceof Value.Numeric b) {
            return order(a, b).compareTo(Order.EQUAL);
        }
        if (left instanceof Value.Str a && right instanceof Value.Str b) {
            return compareText(a.text(), b.text());
        }
        if (left instanceof Value.Sequence a
                && right instanceof Value.Sequence b
                && left.getClass() == right.getClass()) {
            for (int i = 0; i < Math.min(a.items().size(), b.items().size()); i++) {
                if (!a.items().get(i).equals(b.items().get(i))) {
                    return compare(a.items().get(i), b.items().get(i));
                }
            }
            return Integer.compare(a.items().size(), b.items().size());
        }
        throw Operators.unsupported("<", left, right);
    }

    private static int compareText(String a, String b) {
        int i = 0;
        while (i < a.length() && i < b.length()) {
            int x = a.codePointAt(i);
            int y = b.codePointAt(i);
            if (x != y) {
                return Integer.compare(x, y);
            }
            i += Character.charCount(x);
        }
        return Integer.compare(a.length(), b.length());
    }

    static boolean inOrder(String operator, int sign) {
        return switch (operator) {
            case "<" -> sign < 0;
            case "<=" -> sign <= 0;
            case ">" -> sign > 0;
            case ">=" -> sign >= 0;
            default -> throw new IllegalArgumentException(operator);
        };
    }
}
