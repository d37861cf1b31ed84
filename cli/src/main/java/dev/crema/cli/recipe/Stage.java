package dev.crema.cli.recipe;

import java.io.IOException;
import java.util.List;

/**
 * One kind of work in a recipe: a record whose components are its settings.
 *
 * <p>The record's name is the kind: {@code record Pretrain(...)} is written {@code - pretrain: {...}}. The key
 * {@code name} belongs to every stage and is not a component.
 */
public interface Stage {
    /** Names what this stage reads besides its settings. */
    List<Input> inputs();

    /** Returns the version of this stage's code; raise it when the same settings would now give another result. */
    default int version() {
        return 1;
    }

    /**
     * Does the work, writing into {@link StageContext#folder}.
     *
     * <p>Returns only when the output is whole. After an interruption it is called again with the same settings, and
     * finds in the folder what it had written.
     *
     * @throws dev.crema.text.InputException if its settings or inputs cannot be used
     */
    void run(StageContext context) throws IOException;
}
