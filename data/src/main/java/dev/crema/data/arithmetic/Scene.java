package dev.crema.data.arithmetic;

import java.util.List;

/**
 * A way to tell a calculation. In its phrases {@code {n}} is the number, {@code {thing}} what is counted, {@code {m}} its
 * measure word, {@code {name}} who counts, {@code {he}} and {@code {He}} the pronoun, {@code {other}} someone else.
 *
 * @param opening tells the start number
 * @param first stands between the opening and the first step
 * @param joins stand between two steps
 * @param gains tell an addition
 * @param losses tell a subtraction
 * @param questions ask for the result
 * @param outcome tells the result instead of asking
 */
record Scene(
        String opening,
        List<String> first,
        List<String> joins,
        List<String> gains,
        List<String> losses,
        List<String> questions,
        String outcome) {
    List<String> phrases(Operation operation) {
        return switch (operation) {
            case PLUS -> gains;
            case MINUS -> losses;
        };
    }
}
