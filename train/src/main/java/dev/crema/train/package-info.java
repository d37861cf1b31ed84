@NullMarked
package dev.crema.train;

import org.jspecify.annotations.NullMarked;
