/** Models from a hub of Hugging Face's kind: what a repository holds, what of it is needed, and the download. */
@NullMarked
package dev.crema.model.hub;

import org.jspecify.annotations.NullMarked;
