package dev.crema.model.hub;

import java.time.Duration;

/** Hears how far a pull has come. */
public interface PullListener {
    /** Tells what there is to do: bytes in all, and those of them that are here already. */
    void starts(long bytes, long present);

    /** Tells how many bytes are here now, and which file is being fetched. */
    void at(long bytes, String file);

    /** Tells that something failed and will be tried again. */
    void waiting(String why, Duration pause);
}
