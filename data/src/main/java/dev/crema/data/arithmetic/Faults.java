package dev.crema.data.arithmetic;

/**
 * How often a step of reasoning goes wrong. Each is the chance at a step where that fault can happen at all: there is a
 * carry, and the steps after it stay in range.
 *
 * @param wrongOperation adds what was to be taken away, or the other way round
 * @param droppedCarry forgets a carry or a borrow
 * @param slip writes another last digit
 */
public record Faults(double wrongOperation, double droppedCarry, double slip) {
    /** Reasoning without faults. */
    public static final Faults NONE = new Faults(0, 0, 0);

    public Faults {
        Rates.check("wrong operation", wrongOperation);
        Rates.check("dropped carry", droppedCarry);
        Rates.check("slip", slip);
    }
}
