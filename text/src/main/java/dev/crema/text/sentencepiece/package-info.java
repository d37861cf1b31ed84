/** SentencePiece's own files: their pieces, and the rules by which they normalise text. */
@NullMarked
package dev.crema.text.sentencepiece;

import org.jspecify.annotations.NullMarked;
