/** What a run measures at each step, kept as JSON lines and as TensorBoard event files. */
@NullMarked
package dev.crema.train.metrics;

import org.jspecify.annotations.NullMarked;
