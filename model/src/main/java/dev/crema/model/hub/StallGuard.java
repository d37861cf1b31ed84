package dev.crema.model.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Closes a stream that has given nothing for a while, so that who reads it fails and does not wait for ever. */
final class StallGuard implements AutoCloseable {
    private final Thread thread;
    private volatile long alive = System.nanoTime();

    StallGuard(InputStream stream, Duration silence) {
        long limit = silence.toNanos();
        this.thread = Thread.ofVirtual().start(() -> {
            try {
                for (long idle = 0; idle < limit; idle = System.nanoTime() - alive) {
                    Thread.sleep(Duration.ofNanos(limit - idle));
                }
                stream.close();
            } catch (InterruptedException | IOException e) {
                Thread.currentThread().interrupt(); // the reader is through, or fails by itself
            }
        });
    }

    /** Tells that the stream has given something. */
    void alive() {
        alive = System.nanoTime();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
