/** Runs Jinja chat templates as Hugging Face transformers runs them. */
@NullMarked
package dev.crema.text.jinja;

import org.jspecify.annotations.NullMarked;
