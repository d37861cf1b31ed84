package dev.crema.data.arithmetic;

/** What a step does to the number at hand. */
public enum Operation {
    PLUS('+'),
    MINUS('-');

    private final char symbol;

    Operation(char symbol) {
        this.symbol = symbol;
    }

    /** Returns the sign as it is written in an equation. */
    public char symbol() {
        return symbol;
    }

    /** Returns the right result. */
    public int apply(int left, int right) {
        return switch (this) {
            case PLUS -> left + right;
            case MINUS -> left - right;
        };
    }

    Operation opposite() {
        return this == PLUS ? MINUS : PLUS;
    }

    /**
     * Returns the result with one carry (or borrow) forgotten, that out of the units where there is one, else that out of
     * the tens; equal to {@link #apply} where there is none.
     */
    int withoutCarry(int left, int right) {
        int forgotten = carries(left, right, 10) ? 10 : carries(left, right, 100) ? 100 : 0;
        return apply(left, right) + (this == PLUS ? -forgotten : forgotten);
    }

    private boolean carries(int left, int right, int base) {
        return switch (this) {
            case PLUS -> left % base + right % base >= base;
            case MINUS -> left % base < right % base;
        };
    }
}
