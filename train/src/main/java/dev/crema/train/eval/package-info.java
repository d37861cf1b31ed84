/** Measures models on tasks. */
@NullMarked
package dev.crema.train.eval;

import org.jspecify.annotations.NullMarked;
