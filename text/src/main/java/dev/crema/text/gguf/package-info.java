/**
 * The container GGUF: its header, metadata and table of tensors, read and written, and the tokenizer that the metadata
 * describes.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format's specification</a>
 */
@NullMarked
package dev.crema.text.gguf;

import org.jspecify.annotations.NullMarked;
