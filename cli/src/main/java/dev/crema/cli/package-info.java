@NullMarked
package dev.crema.cli;

import org.jspecify.annotations.NullMarked;
