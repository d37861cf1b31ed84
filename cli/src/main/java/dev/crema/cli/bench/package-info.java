/** End-to-end benchmarks; each says what share of the machine's measured peak it reaches, and checks what it computes. */
@NullMarked
package dev.crema.cli.bench;

import org.jspecify.annotations.NullMarked;
