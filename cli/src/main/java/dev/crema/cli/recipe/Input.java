package dev.crema.cli.recipe;

import java.nio.file.Path;

/** Names something that a stage reads; when it changes, the stage runs again. */
public sealed interface Input {
    /** The output folder of an earlier stage, by the stage's name. */
    record Output(String stage) implements Input {}

    /** A file, or a folder with all that is below it. */
    record File(Path path) implements Input {}
}
