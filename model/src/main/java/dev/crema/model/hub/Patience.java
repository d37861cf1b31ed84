package dev.crema.model.hub;

import java.time.Duration;

/**
 * How long to put up with a hub that does not answer.
 *
 * @param attempts how often in a row a request may fail
 * @param pause the wait after the first failure; it doubles with each
 * @param longest the longest wait, also where the hub asks for more
 * @param silence how long a connection may give nothing
 */
public record Patience(int attempts, Duration pause, Duration longest, Duration silence) {
    /** Five attempts within half a minute; a wait of up to five minutes if the hub asks for it. */
    public static final Patience USUAL =
            new Patience(5, Duration.ofSeconds(1), Duration.ofMinutes(5), Duration.ofMinutes(1));

    Duration after(int failures) {
        Duration wait = pause.multipliedBy(1L << Math.min(20, failures - 1));
        return wait.compareTo(longest) > 0 ? longest : wait;
    }
}
