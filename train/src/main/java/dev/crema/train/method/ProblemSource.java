package dev.crema.train.method;

import dev.crema.data.Example.Problem;

/** Problems by number, without end and the same in every run: how many have been used is all there is to remember. */
@FunctionalInterface
public interface ProblemSource {
    /** Returns the n-th problem, from 0. */
    Problem problem(long number);
}
