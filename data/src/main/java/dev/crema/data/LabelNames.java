package dev.crema.data;

import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The labels of a data set: given, or those that occur.
 *
 * @param where what to begin an error with
 * @param known in the order of their numbers; may be empty
 */
record LabelNames(String where, List<String> known) {
    private static final String OUTSIDE = "O";

    /**
     * Returns the labels in the order of their numbers; an empty name is none.
     *
     * @throws InputException if there are less than two, one is not known, or they are numbers without names
     */
    List<String> of(List<String[]> named) {
        TreeSet<String> found = new TreeSet<>();
        for (String[] names : named) for (String name : names) if (!name.isEmpty()) found.add(name(name));
        if (!known.isEmpty()) return known;
        if (!found.isEmpty() && found.stream().allMatch(LabelNames::number)) {
            throw new InputException(
                    where + ": the labels are numbers; say what they mean, in order: labels: [O, B-PER," + " I-PER]");
        }
        if (found.size() < 2) {
            throw new InputException(where + ": a classifier needs two labels or more, and these " + named.size()
                    + " records have " + found.size());
        }
        List<String> labels = new ArrayList<>(found);
        // What is no entity comes first, as in published label sets.
        if (labels.remove(OUTSIDE)) labels.addFirst(OUTSIDE);
        return List.copyOf(labels);
    }

    /** Returns the name of a label that may be given by its number. */
    String name(String label) {
        if (known.isEmpty() || known.contains(label)) return label;
        if (number(label)) {
            int number = Integer.parseInt(label);
            if (number < known.size()) return known.get(number);
        }
        throw new InputException(where + ": the label \"" + label + "\" is none of " + known + "; add it to labels");
    }

    private static boolean number(String label) {
        return label.matches("\\d{1,6}");
    }
}
