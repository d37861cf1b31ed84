@NullMarked
package dev.crema.infer;

import org.jspecify.annotations.NullMarked;
