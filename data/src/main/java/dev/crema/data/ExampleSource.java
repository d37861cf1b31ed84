package dev.crema.data;

/** Where examples come from: files ({@link Source}) or a generator. */
public interface ExampleSource {
    /** Names the source in messages. */
    String name();

    /** Returns a hash of everything that decides the examples; two equal keys give equal examples. */
    String key();

    /** Opens the source at its beginning. */
    ExampleReader open();
}
