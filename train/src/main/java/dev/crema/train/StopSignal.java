package dev.crema.train;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Asks a run to save and stop: on Ctrl-C the virtual machine waits until the run has done so. */
public final class StopSignal implements AutoCloseable {
    private static final int LONGEST_WAIT_SECONDS = 120;

    private final AtomicBoolean asked = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::askAndWait, "crema-stop");

    private StopSignal() {}

    /** Listens for the end of the virtual machine until closed. */
    public static StopSignal onShutdown() {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(signal.hook);
        return signal;
    }

    /** Listens to nothing but {@link #ask}. */
    public static StopSignal none() {
        return new StopSignal();
    }

    public void ask() {
        asked.set(true);
    }

    public boolean asked() {
        return asked.get();
    }

    private void askAndWait() {
        ask();
        try {
            if (!done.await(LONGEST_WAIT_SECONDS, TimeUnit.SECONDS)) {
                System.getLogger(StopSignal.class.getName())
                        .log(System.Logger.Level.WARNING, "the run did not save in time; the last checkpoint stands");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets the virtual machine end. */
    @Override
    public void close() {
        done.countDown();
        try {
            if (!asked()) Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The virtual machine began to end a moment ago; the hook runs, and waits no more.
            ask();
        }
    }
}
