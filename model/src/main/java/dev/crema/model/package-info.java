@NullMarked
package dev.crema.model;

import org.jspecify.annotations.NullMarked;
