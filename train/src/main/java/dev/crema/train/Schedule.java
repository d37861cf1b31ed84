package dev.crema.train;

/**
 * Gives the factor that multiplies the learning rate at a step.
 *
 * <p>A step is the number of updates made before it. Warm-up rises from 0 over {@code warmup} steps, and its first step
 * is already above 0: {@code at(0)} is {@code 1 / warmup}. transformers spends the first update at rate 0 instead; from
 * the end of the warm-up on the values are the same. After {@code total} the last value holds.
 */
public sealed interface Schedule {

    /** Returns the factor at a step, from 0 to 1. */
    double at(long step);

    /** Rises linearly over {@code warmup} steps, then stays at 1. */
    record Constant(long warmup) implements Schedule {
        public Constant {
            check(warmup >= 0, "warmup must be 0 or more, is " + warmup);
        }

        @Override
        public double at(long step) {
            return step < warmup ? rise(step, warmup) : 1;
        }
    }

    /** Rises linearly over {@code warmup} steps, then falls linearly to {@code minRatio} at step {@code total}. */
    record Linear(long warmup, long total, double minRatio) implements Schedule {
        public Linear {
            checkSpan(warmup, total, minRatio);
        }

        @Override
        public double at(long step) {
            return step < warmup ? rise(step, warmup) : fall(Decay.LINEAR, step - warmup, total - warmup, minRatio);
        }
    }

    /**
     * Rises linearly over {@code warmup} steps, then falls along half a cosine to {@code minRatio} at step {@code total}.
     *
     * <p>Loshchilov and Hutter, SGDR, arXiv:1608.03983, without restarts.
     */
    record Cosine(long warmup, long total, double minRatio) implements Schedule {
        public Cosine {
            checkSpan(warmup, total, minRatio);
        }

        @Override
        public double at(long step) {
            return step < warmup ? rise(step, warmup) : fall(Decay.COSINE, step - warmup, total - warmup, minRatio);
        }
    }

    /**
     * Rises linearly over {@code warmup} steps, stays at 1, and falls to {@code minRatio} over the last {@code decay} of
     * {@code total} steps.
     *
     * <p>Hu et al., MiniCPM, arXiv:2404.06395; the square-root decay is from Hägele et al., arXiv:2405.18392.
     */
    record WarmupStableDecay(long warmup, long total, long decay, double minRatio, Decay shape) implements Schedule {
        public WarmupStableDecay {
            checkSpan(warmup, total, minRatio);
            check(
                    decay >= 0 && decay <= total - warmup,
                    "decay must be from 0 to total - warmup = " + (total - warmup) + ", is " + decay);
        }

        /** Makes the schedule whose last {@code fraction} of all steps is the decay. */
        public static WarmupStableDecay ofFraction(
                long warmup, long total, double fraction, double minRatio, Decay shape) {
            check(fraction >= 0 && fraction <= 1, "decay fraction must be from 0 to 1, is " + fraction);
            return new WarmupStableDecay(warmup, total, Math.round(fraction * total), minRatio, shape);
        }

        @Override
        public double at(long step) {
            if (step < warmup) {
                return rise(step, warmup);
            }
            long intoDecay = step - (total - decay);
            return intoDecay < 0 ? 1 : fall(shape, intoDecay, decay, minRatio);
        }
    }

    /** The curve along which a decay goes from 1 to 0. */
    enum Decay {
        LINEAR,
        COSINE,
        /** 1 - √progress: steep at first, flat at the end. */
        ONE_MINUS_SQRT;

        double at(double progress) {
            return switch (this) {
                case LINEAR -> 1 - progress;
                case COSINE -> 0.5 * (1 + Math.cos(Math.PI * progress));
                case ONE_MINUS_SQRT -> 1 - Math.sqrt(progress);
            };
        }
    }

    private static double rise(long step, long warmup) {
        return (step + 1) / (double) warmup;
    }

    private static double fall(Decay decay, long step, long length, double minRatio) {
        return step >= length ? minRatio : minRatio + (1 - minRatio) * decay.at(step / (double) length);
    }

    private static void checkSpan(long warmup, long total, double minRatio) {
        check(total >= 1, "total must be 1 or more, is " + total);
        check(warmup >= 0 && warmup <= total, "warmup must be from 0 to total = " + total + ", is " + warmup);
        check(minRatio >= 0 && minRatio <= 1, "minRatio must be from 0 to 1, is " + minRatio);
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
