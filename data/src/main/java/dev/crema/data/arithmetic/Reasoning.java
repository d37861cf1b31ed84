package dev.crema.data.arithmetic;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * A calculation worked out, an equation a step, right or with faults; after a fault it goes on from the wrong result.
 *
 * @param equations the steps as written
 */
public record Reasoning(List<Equation> equations) {
    /** One step as written, such as {@code 23+18=31}. */
    public record Equation(int left, Step step, int result) {
        @Override
        public String toString() {
            return left + step.toString() + "=" + result;
        }
    }

    public Reasoning {
        equations = List.copyOf(equations);
    }

    /** Works a calculation out without faults. */
    public static Reasoning right(Calculation calculation) {
        List<Equation> equations = new ArrayList<>();
        int value = calculation.start();
        for (Step step : calculation.steps()) {
            int result = step.apply(value);
            equations.add(new Equation(value, step, result));
            value = result;
        }
        return new Reasoning(equations);
    }

    /**
     * Works a calculation out as one who makes faults. No fault makes a result or a later one leave [0, 199], nor turns the
     * steps into those of a problem that is held out.
     */
    public static Reasoning faulty(Calculation calculation, Faults faults, RandomGenerator random) {
        List<Equation> equations = new ArrayList<>();
        List<Step> written = new ArrayList<>(calculation.steps());
        int value = calculation.start();
        for (int i = 0; i < written.size(); i++) {
            List<Step> rest = written.subList(i + 1, written.size());
            Step step = written.get(i);
            if (random.nextDouble() < faults.wrongOperation() && canMistake(calculation.start(), written, i, value)) {
                step = step.opposite();
                written.set(i, step);
                equations.add(new Equation(value, step, step.apply(value)));
            } else {
                equations.add(new Equation(value, step, result(value, step, rest, faults, random)));
            }
            value = equations.getLast().result();
        }
        return new Reasoning(equations);
    }

    /** Returns the last result as written. */
    public int answer() {
        return equations.getLast().result();
    }

    /** Writes the equations, one a line. */
    public String text() {
        return equations.stream().map(Equation::toString).collect(Collectors.joining("\n"));
    }

    private static int result(int value, Step step, List<Step> rest, Faults faults, RandomGenerator random) {
        int right = step.apply(value);
        int uncarried = step.operation().withoutCarry(value, step.operand());
        if (uncarried != right && random.nextDouble() < faults.droppedCarry() && goesOn(uncarried, rest)) {
            return uncarried;
        }
        int slipped = right - right % 10 + (right % 10 + random.nextInt(1, 10)) % 10;
        return random.nextDouble() < faults.slip() && goesOn(slipped, rest) ? slipped : right;
    }

    private static boolean canMistake(int start, List<Step> written, int at, int value) {
        List<Step> mistaken = new ArrayList<>(written);
        mistaken.set(at, written.get(at).opposite());
        return goesOn(mistaken.get(at).apply(value), mistaken.subList(at + 1, mistaken.size()))
                && Split.ofKey(Calculation.key(start, mistaken)) == Split.TRAIN;
    }

    private static boolean goesOn(int value, List<Step> rest) {
        return Calculation.staysInRange(value, rest);
    }
}
