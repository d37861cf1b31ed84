@NullMarked
package dev.crema.model.checkpoint;

import org.jspecify.annotations.NullMarked;
