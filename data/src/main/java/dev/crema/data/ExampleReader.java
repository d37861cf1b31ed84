package dev.crema.data;

import java.util.Iterator;

/** Streams the examples of a source; close it when done. Nothing larger than one piece is held in memory. */
public interface ExampleReader extends Iterator<Example>, AutoCloseable {
    /** Counts the records left out so far because they could not be read ({@link BadLine#SKIP}). */
    long skipped();

    @Override
    void close();
}
