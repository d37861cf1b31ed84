/** CPU kernels on the Vector API, run by the same crew of threads as libtorch's. */
@NullMarked
package dev.crema.tensor.simd;

import org.jspecify.annotations.NullMarked;
