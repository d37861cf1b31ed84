/** Matrix products in machine code that is written for their shape while the program runs. */
@org.jspecify.annotations.NullMarked
package dev.crema.tensor.machine;
