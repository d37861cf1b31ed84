/**
 * From files to rows of token ids: sources, the token cache, packing, and batches with a cursor that resumes exactly.
 *
 * <p>Reader's path: {@link dev.crema.data.Source}, {@link dev.crema.data.TokenCache}, {@link dev.crema.data.RowSource},
 * {@link dev.crema.data.Batches}.
 */
@NullMarked
package dev.crema.data;

import org.jspecify.annotations.NullMarked;
