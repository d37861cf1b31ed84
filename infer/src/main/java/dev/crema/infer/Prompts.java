package dev.crema.infer;

import dev.crema.model.ModelConfig;
import dev.crema.text.InputException;

/** Checks prompts before libtorch sees them. */
final class Prompts {
    private Prompts() {}

    /**
     * Checks one prompt against the model that shall continue it.
     *
     * @throws InputException if it is empty, leaves no room in the context, or has an id outside the vocabulary
     */
    static void check(int[] prompt, ModelConfig config) {
        if (prompt.length == 0)
            throw new InputException("An empty prompt cannot be continued: give at least one token");
        if (prompt.length >= config.context()) {
            throw new InputException("A prompt of " + prompt.length
                    + " tokens leaves no room in the model's context of " + config.context());
        }
        for (int id : prompt) {
            if (id < 0 || id >= config.vocabularySize()) {
                throw new InputException(
                        "The token id " + id + " is outside the vocabulary of " + config.vocabularySize());
            }
        }
    }
}
