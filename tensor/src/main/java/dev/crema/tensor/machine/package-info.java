/** Matrix products in machine code that is written for their shape while the program runs. */
@NullMarked
package dev.crema.tensor.machine;

import org.jspecify.annotations.NullMarked;
