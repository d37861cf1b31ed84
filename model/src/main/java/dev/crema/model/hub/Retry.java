package dev.crema.model.hub;

import dev.crema.text.InputException;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Objects;

/** Counts the failures of one piece of work and waits between attempts. */
final class Retry {
    private final Patience patience;
    private final PullListener listener;
    private int failures;

    Retry(Patience patience, PullListener listener) {
        this.patience = patience;
        this.listener = listener;
    }

    /** What is to be done, again if it fails. */
    interface Attempt<T> {
        T run() throws IOException;
    }

    /** Does work until it succeeds. */
    <T> T until(Attempt<T> attempt) {
        while (true) {
            try {
                return attempt.run();
            } catch (IOException e) {
                failed(e);
            }
        }
    }

    /** Tells that work has gone on, so that earlier failures do not count any more. */
    void progressed() {
        failures = 0;
    }

    /**
     * Waits before the next attempt.
     *
     * @throws InputException if there were too many, or the hub wants to be left alone for too long
     */
    void failed(IOException e) {
        failures++;
        Duration wait = patience.after(failures);
        if (e instanceof HubClient.Busy busy && busy.wait.compareTo(wait) > 0) wait = busy.wait;
        if (failures >= patience.attempts() || wait.compareTo(patience.longest()) > 0) {
            throw new InputException(
                    reason(e) + "; given up after " + failures + " attempts, the same command goes on from here", e);
        }
        listener.waiting(reason(e), wait);
        try {
            Thread.sleep(wait);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InputException("the pull was interrupted; the same command goes on from here", interrupted);
        }
    }

    private static String reason(IOException e) {
        String message = Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
        return e instanceof ConnectException
                ? "no connection: " + (e.getMessage() == null ? "host not found or not listening" : message)
                : message;
    }
}
