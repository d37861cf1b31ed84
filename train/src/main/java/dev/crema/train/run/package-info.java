/** The folder of a run on disk: its lock, its checkpoints, and files that are whole or absent. */
@NullMarked
package dev.crema.train.run;

import org.jspecify.annotations.NullMarked;
