package dev.crema.cli.recipe;

/**
 * Checks settings in the compact constructors of their records.
 *
 * <p>What fails is reported at the line of the recipe that wrote it: {@code recipe.yaml:7: stages.base.steps is 0:
 * expected a number of at least 1}.
 */
public final class Check {
    private Check() {}

    /** Requires a value of at least {@code min}. */
    public static void atLeast(String setting, long value, long min) {
        that(value >= min, setting, value, "a number of at least " + min);
    }

    /** Requires a value from {@code min} to {@code max}, both allowed. */
    public static void between(String setting, double value, double min, double max) {
        that(value >= min && value <= max, setting, value, "a number from " + min + " to " + max);
    }

    /** Requires a finite value above zero. */
    public static void positive(String setting, double value) {
        that(value > 0 && value < Double.POSITIVE_INFINITY, setting, value, "a number above 0");
    }

    /** Requires that a condition holds, saying what was expected where it does not. */
    public static void that(boolean holds, String setting, Object value, String expected) {
        if (!holds) {
            throw new Failed(setting, value, expected);
        }
    }

    /** Names the setting, its value and what was expected. */
    static final class Failed extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        private final String setting;
        private final String rest;

        Failed(String setting, Object value, String expected) {
            super(setting + " is " + value + ": expected " + expected);
            this.setting = setting;
            this.rest = " is " + value + ": expected " + expected;
        }

        String setting() {
            return setting;
        }

        /** Returns the message after the setting's name. */
        String rest() {
            return rest;
        }
    }
}
