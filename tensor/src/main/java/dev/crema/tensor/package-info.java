@NullMarked
package dev.crema.tensor;

import org.jspecify.annotations.NullMarked;
