package dev.crema.data;

import java.util.NoSuchElementException;
import java.util.Optional;

/** The common part of readers: looks one example ahead, so that {@code hasNext} knows. */
abstract class FileReader implements ExampleReader {
    private Optional<Example> ahead = Optional.empty();

    /** Reads on to the next example; empty at the end of the file. */
    abstract Optional<Example> read();

    @Override
    public long skipped() {
        return 0;
    }

    @Override
    public final boolean hasNext() {
        if (ahead.isEmpty()) {
            ahead = read();
        }
        return ahead.isPresent();
    }

    @Override
    public final Example next() {
        if (!hasNext()) {
            throw new NoSuchElementException("no more examples");
        }
        Example example = ahead.orElseThrow();
        ahead = Optional.empty();
        return example;
    }
}
