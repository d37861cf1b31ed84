/** Encoders from ONNX files: their weights, and of the graph what tells their names and sizes. */
@NullMarked
package dev.crema.model.checkpoint.onnx;

import org.jspecify.annotations.NullMarked;
