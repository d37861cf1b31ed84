package dev.crema.model.checkpoint;

import dev.crema.text.InputException;

/** Checks of a configuration that an {@code ArchConfig} can no longer make. */
final class ArchConfigChecks {
    private ArchConfigChecks() {}

    private static final int MAX_LAYERS = 10_000;

    /** Reads the number of layers, before anything is made for each of them. */
    static int layers(ConfigJson json) {
        int layers = json.integer("num_hidden_layers");
        if (layers < 1 || layers > MAX_LAYERS) {
            throw new InputException(
                    "A model cannot have a number of layers of " + layers + ": it lies between 1 and " + MAX_LAYERS);
        }
        return layers;
    }

    static void divides(int heads, int hidden) {
        if (heads < 1 || hidden % heads != 0) {
            throw new InputException("A hidden size of " + hidden + " cannot be shared by " + heads
                    + " heads: give head_dim, or a number of heads that divides it");
        }
    }
}
