/** Training of byte-level BPE tokenizers. */
@NullMarked
package dev.crema.text.bpe;

import org.jspecify.annotations.NullMarked;
