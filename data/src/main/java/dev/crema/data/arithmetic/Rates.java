package dev.crema.data.arithmetic;

import dev.crema.text.InputException;

/** Checks rates that a recipe sets. */
final class Rates {
    private Rates() {}

    static void check(String name, double rate) {
        if (!(rate >= 0 && rate <= 1)) {
            throw new InputException("the rate of " + name + " is " + rate + ", not between 0 and 1");
        }
    }
}
