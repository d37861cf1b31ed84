/** The kinds of stages that recipes are made of: each a record of settings that knows how to run. */
@NullMarked
package dev.crema.cli.stage;

import org.jspecify.annotations.NullMarked;
