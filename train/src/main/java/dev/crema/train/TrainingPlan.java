package dev.crema.train;

import dev.crema.text.InputException;

/**
 * How long and how a run trains, whatever its method.
 *
 * @param steps optimizer steps of the run
 * @param schedule the factor on the learning rate by step
 * @param clip largest norm of the gradients
 * @param evaluateEvery steps between measurements; 0 measures at the end only
 * @param checkpointEvery steps between checkpoints; 0 writes the last only
 * @param keep how many checkpoints to keep besides the best
 * @param patience measurements without a better one before the run stops; 0 never stops early
 * @param metric the measured figure that decides which checkpoint is best
 * @param higherIsBetter whether more of it is better
 */
public record TrainingPlan(
        long steps,
        Schedule schedule,
        Optimizer.Settings optimizer,
        double clip,
        long evaluateEvery,
        long checkpointEvery,
        int keep,
        int patience,
        String metric,
        boolean higherIsBetter) {
    public TrainingPlan {
        if (steps < 0) throw new InputException("A run of " + steps + " steps cannot be; give 0 or more");
        if (!(clip > 0)) throw new InputException("A gradient norm limit of " + clip + " cannot be; give one above 0");
    }
}
