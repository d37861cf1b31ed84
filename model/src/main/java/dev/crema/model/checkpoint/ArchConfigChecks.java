package dev.crema.model.checkpoint;

import dev.crema.text.InputException;

/** Checks of a configuration that an {@code ArchConfig} can no longer make. */
final class ArchConfigChecks {
    private ArchConfigChecks() {}

    static void divides(int heads, int hidden) {
        if (heads < 1 || hidden % heads != 0) {
            throw new InputException("A hidden size of " + hidden + " cannot be shared by " + heads
                    + " heads: give head_dim, or a number of heads that divides it");
        }
    }
}
