package dev.crema.data.arithmetic;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A start number and what is done to it: what a problem is, whatever its wording and its language.
 *
 * @param start the first number
 * @param steps 2 to 4 operations; every result on the way lies in [0, 199]
 */
public record Calculation(int start, List<Step> steps) {
    /** The least start and operand: wordings need a plural. */
    static final int LEAST = 2;

    static final int GREATEST_OPERAND = 99;
    static final int GREATEST_RESULT = 199;
    static final int FEWEST_STEPS = 2;
    static final int MOST_STEPS = 4;

    public Calculation {
        steps = List.copyOf(steps);
        if (steps.size() < FEWEST_STEPS || steps.size() > MOST_STEPS) {
            throw new IllegalArgumentException(steps.size() + " steps, not 2 to 4");
        }
        if (start < LEAST || !staysInRange(start, steps)) {
            throw new IllegalArgumentException("a result of " + key(start, steps) + " leaves [0, 199]");
        }
    }

    /** Draws a calculation of one side of the split. */
    public static Calculation draw(RandomGenerator random, Split split) {
        while (true) {
            Calculation drawn = draw(random);
            if (Split.of(drawn) == split) {
                return drawn;
            }
        }
    }

    /** Returns what identifies the problem, such as {@code 23+18-7}. */
    public String key() {
        return key(start, steps);
    }

    /** Returns the result of each step. */
    public List<Integer> results() {
        List<Integer> results = new ArrayList<>();
        int value = start;
        for (Step step : steps) {
            value = step.apply(value);
            results.add(value);
        }
        return List.copyOf(results);
    }

    /** Returns the last result. */
    public int answer() {
        return results().getLast();
    }

    static String key(int start, List<Step> steps) {
        StringBuilder key = new StringBuilder().append(start);
        steps.forEach(key::append);
        return key.toString();
    }

    static boolean staysInRange(int start, List<Step> steps) {
        int value = start;
        boolean inRange = inRange(value);
        for (Step step : steps) {
            value = step.apply(value);
            inRange &= inRange(value);
        }
        return inRange;
    }

    /** Draws one operation on a number, such that the result is in range. */
    static Step drawStep(RandomGenerator random, int value) {
        boolean canAdd = value + LEAST <= GREATEST_RESULT;
        boolean canTake = value >= LEAST;
        Operation operation = canAdd && (!canTake || random.nextBoolean()) ? Operation.PLUS : Operation.MINUS;
        int most = operation == Operation.PLUS ? GREATEST_RESULT - value : value;
        return new Step(operation, random.nextInt(LEAST, Math.min(GREATEST_OPERAND, most) + 1));
    }

    private static Calculation draw(RandomGenerator random) {
        int start = random.nextInt(LEAST, GREATEST_OPERAND + 1);
        int count = random.nextInt(FEWEST_STEPS, MOST_STEPS + 1);
        List<Step> steps = new ArrayList<>();
        int value = start;
        for (int i = 0; i < count; i++) {
            Step step = drawStep(random, value);
            steps.add(step);
            value = step.apply(value);
        }
        return new Calculation(start, steps);
    }

    private static boolean inRange(int value) {
        return value >= 0 && value <= GREATEST_RESULT;
    }
}
