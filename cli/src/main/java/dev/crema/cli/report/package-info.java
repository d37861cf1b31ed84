/** Charts and tables of what a run measured. */
@NullMarked
package dev.crema.cli.report;

import org.jspecify.annotations.NullMarked;
