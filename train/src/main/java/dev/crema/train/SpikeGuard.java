package dev.crema.train;

import dev.crema.text.InputException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the loss and the gradient's norm, keeps a step that would wreck the model from being taken, and says what to do.
 *
 * <p>A step whose loss or norm is not finite is left out; ten in a row end the run. A norm far above its running mean is
 * reported: clipping bounds the damage, but it often announces a divergence.
 */
final class SpikeGuard {
    private static final Logger LOG = LoggerFactory.getLogger(SpikeGuard.class);
    private static final int MOST_IN_A_ROW = 10;
    private static final int WARM_UP = 20;
    private static final double SPIKE = 10;

    private int badInARow;
    private long seen;
    private double mean;

    /** Returns whether the step may be taken. */
    boolean admits(long step, double loss, double gradientNorm) {
        if (!Double.isFinite(loss) || !Double.isFinite(gradientNorm)) {
            badInARow++;
            LOG.warn(
                    "step {}: the loss is {} and the gradient norm {}; the step is left out", step, loss, gradientNorm);
            if (badInARow >= MOST_IN_A_ROW) {
                throw new InputException(
                        "The loss is not finite since " + MOST_IN_A_ROW + " steps (at step " + step
                                + "): lower the learning rate, lengthen the warm-up, or train in fp32; the last checkpoint is sound");
            }
            return false;
        }
        badInARow = 0;
        if (seen > WARM_UP && gradientNorm > SPIKE * mean) {
            LOG.warn(
                    "step {}: the gradient norm {} is {} times its mean; should the loss rise, lower the learning rate",
                    step,
                    gradientNorm,
                    Math.round(gradientNorm / mean));
        }
        mean = seen == 0 ? gradientNorm : 0.98 * mean + 0.02 * gradientNorm;
        seen++;
        return true;
    }
}
