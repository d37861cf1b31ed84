@NullMarked
package dev.crema.text;

import org.jspecify.annotations.NullMarked;
