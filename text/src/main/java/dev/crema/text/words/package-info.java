/** How published tokenizers cut text into words, the pieces that merges never cross. */
@NullMarked
package dev.crema.text.words;

import org.jspecify.annotations.NullMarked;
