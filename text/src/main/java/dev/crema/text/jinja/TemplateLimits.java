package dev.crema.text.jinja;

/**
 * Bounds one rendering.
 *
 * @param maxSteps evaluated nodes, plus one for every 16 characters or items made
 * @param maxSize characters or items in one value, and in the output
 * @param maxDepth macros that call one another
 */
public record TemplateLimits(long maxSteps, long maxSize, int maxDepth) {
    /** Room for any conversation that a model can read, while a runaway template stops within a second or two. */
    public static final TemplateLimits DEFAULT = new TemplateLimits(20_000_000, 16_000_000, 100);

    public TemplateLimits {
        if (maxSteps < 1 || maxSize < 1 || maxDepth < 1) {
            throw new IllegalArgumentException(
                    "limits must be positive: " + maxSteps + ", " + maxSize + ", " + maxDepth);
        }
    }
}
