@NullMarked
package dev.crema.data;

import org.jspecify.annotations.NullMarked;
