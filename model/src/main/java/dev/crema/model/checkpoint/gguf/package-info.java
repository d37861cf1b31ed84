/** Models in GGUF files: the configuration in their metadata, the names and layouts of their tensors, their blocks. */
@NullMarked
package dev.crema.model.checkpoint.gguf;

import org.jspecify.annotations.NullMarked;
