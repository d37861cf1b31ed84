package dev.crema.data;

/** The order in which one pass takes its rows or examples. */
public sealed interface Order {
    /** The order in which they are stored; for validation, and to look at the data. */
    record Stored() implements Order {}

    /** A random order, another one in each pass, decided by the seed alone. */
    record Shuffled(long seed) implements Order {}

    /** Returns the place that comes {@code index}-th in a pass over {@code size} places. */
    default long place(long index, long size, long epoch) {
        return switch (this) {
            case Stored() -> index;
            case Shuffled(long seed) -> new Permutation(size, Mix.mix(seed, epoch)).apply(index);
        };
    }

    /** Names the order in a cursor. */
    default String label() {
        return switch (this) {
            case Stored() -> "stored";
            case Shuffled(long seed) -> "shuffled " + seed;
        };
    }
}
