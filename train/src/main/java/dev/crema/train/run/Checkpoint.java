package dev.crema.train.run;

import java.nio.file.Path;

/**
 * Names a checkpoint that is whole on disk.
 *
 * @param step the step after which it was written
 * @param folder the folder that holds its files
 */
public record Checkpoint(long step, Path folder) {}
