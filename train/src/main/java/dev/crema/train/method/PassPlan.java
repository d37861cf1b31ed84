package dev.crema.train.method;

import dev.crema.model.Activations;
import dev.crema.model.Dropout;

/**
 * How the forward and backward passes of a step run.
 *
 * @param backwardPasses batches of a step, at least 1
 * @param activations what a pass keeps
 * @param dropout of the run; each pass has its own by the step and its number
 */
public record PassPlan(int backwardPasses, Activations activations, Dropout dropout) {
    /** One pass that keeps all and drops nothing. */
    public static final PassPlan ONE = new PassPlan(1, Activations.KEEP, Dropout.NONE);

    public PassPlan {
        if (backwardPasses < 1) {
            throw new IllegalArgumentException("a step of " + backwardPasses + " backward passes cannot be");
        }
    }

    /** Returns the dropout of a pass of a step. */
    Dropout dropout(long step, int pass) {
        return dropout.at(step).at(pass);
    }
}
