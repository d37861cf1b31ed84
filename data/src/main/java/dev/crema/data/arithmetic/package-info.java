/**
 * The quickstart's world: calculations of a few steps, told in English and Chinese, with reasoning that a small model can
 * learn in minutes and that reinforcement can then repair.
 *
 * <p>Reader's path: {@link dev.crema.data.arithmetic.Calculation}, {@link dev.crema.data.arithmetic.Question},
 * {@link dev.crema.data.arithmetic.ArithmeticCorpus}.
 */
@NullMarked
package dev.crema.data.arithmetic;

import org.jspecify.annotations.NullMarked;
