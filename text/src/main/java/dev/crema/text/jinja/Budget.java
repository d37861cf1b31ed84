package dev.crema.text.jinja;

/**
 * Bounds what one rendering may do, since a template comes from a model's folder and may loop without end.
 *
 * <p>One counter serves time and memory: every node evaluated costs a step and every 16 characters or items made cost
 * another. No single value may grow past {@code maxSize}, and macros may not nest past {@code maxDepth}.
 */
final class Budget {
    private static final int SIZE_PER_STEP = 16;

    private final TemplateLimits limits;
    private long steps;
    private int depth;

    Budget(TemplateLimits limits) {
        this.limits = limits;
    }

    void step() {
        charge(1);
    }

    void steps(long count) {
        charge(count);
    }

    /** Pays for a value of {@code size} characters or items, before it is made. */
    void size(long size) {
        grow(size);
        charge(size / SIZE_PER_STEP);
    }

    /** Checks what a value that grows bit by bit is growing to; its parts are paid for one by one. */
    void grow(long size) {
        if (size > limits.maxSize()) {
            throw new TemplateFailure("the template makes a value of " + size + " characters or items, more than the "
                    + limits.maxSize() + " allowed; shorten the conversation or mend the template");
        }
    }

    void enter() {
        if (++depth > limits.maxDepth()) {
            throw new TemplateFailure(
                    "macros call one another more than " + limits.maxDepth() + " deep; mend the template's recursion");
        }
    }

    void leave() {
        depth--;
    }

    private void charge(long cost) {
        steps += cost;
        if (steps > limits.maxSteps()) {
            throw new TemplateFailure("the template takes more than " + limits.maxSteps()
                    + " steps; mend its loops or shorten the input");
        }
    }
}
