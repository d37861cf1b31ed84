package dev.crema.data;

import java.util.Iterator;

/** Streams the examples of a source; close it when done. Nothing larger than one piece is held in memory. */
public interface ExampleReader extends Iterator<Example>, AutoCloseable {
    /** Counts the records left out so far because they could not be read ({@link BadLine#SKIP}). */
    long skipped();

    @Override
    void close();

    /** Reads examples that are in memory already, or are made one by one. */
    static ExampleReader of(Iterator<? extends Example> examples) {
        return new ExampleReader() {
            @Override
            public long skipped() {
                return 0;
            }

            @Override
            public boolean hasNext() {
                return examples.hasNext();
            }

            @Override
            public Example next() {
                return examples.next();
            }

            @Override
            public void close() {}
        };
    }
}
