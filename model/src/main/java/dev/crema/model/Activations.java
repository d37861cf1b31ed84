package dev.crema.model;

/** What blocks keep for the backward pass. */
public enum Activations {
    KEEP,
    /** Only what they read: they run again when their gradient is due (Chen et al., 2016). */
    RECOMPUTE;

    /** Returns what a setting says. */
    public static Activations recompute(boolean recompute) {
        return recompute ? RECOMPUTE : KEEP;
    }
}
