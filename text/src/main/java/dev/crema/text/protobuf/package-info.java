/** Protobuf messages, read in place and without generated classes. */
@NullMarked
package dev.crema.text.protobuf;

import org.jspecify.annotations.NullMarked;
