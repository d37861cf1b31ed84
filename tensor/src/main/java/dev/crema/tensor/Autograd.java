package dev.crema.tensor;

import org.bytedeco.pytorch.GradMode;

/** Switches the recording of the graph off for a stretch of code, on this thread. */
public final class Autograd {
    private Autograd() {}

    /** Restores the mode that was before. */
    public static final class Mode implements AutoCloseable {
        private final boolean before;

        private Mode(boolean enabled) {
            LibTorch.ready();
            before = GradMode.is_enabled();
            GradMode.set_enabled(enabled);
        }

        @Override
        public void close() {
            GradMode.set_enabled(before);
        }
    }

    /** Records nothing until the result is closed. */
    public static Mode off() {
        return new Mode(false);
    }

    /** Records again inside a stretch that does not. */
    public static Mode on() {
        return new Mode(true);
    }

    /** Tells whether operations are being recorded. */
    public static boolean recording() {
        LibTorch.ready();
        return GradMode.is_enabled();
    }
}
