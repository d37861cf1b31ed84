package dev.crema.data.arithmetic;

/** One operation of a calculation, such as {@code +18}. */
public record Step(Operation operation, int operand) {
    public Step {
        if (operand < Calculation.LEAST || operand > Calculation.GREATEST_OPERAND) {
            throw new IllegalArgumentException("operand " + operand + " is not between " + Calculation.LEAST + " and "
                    + Calculation.GREATEST_OPERAND);
        }
    }

    int apply(int left) {
        return operation.apply(left, operand);
    }

    Step opposite() {
        return new Step(operation.opposite(), operand);
    }

    @Override
    public String toString() {
        return operation.symbol() + Integer.toString(operand);
    }
}
