/** The ways of learning, one class each: what the gradients of a step are. */
@NullMarked
package dev.crema.train.method;

import org.jspecify.annotations.NullMarked;
