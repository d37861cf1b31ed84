package dev.crema.tensor;

/**
 * How the heads of attention lie in a row of their joint projection: queries, then keys, then values.
 *
 * @param heads query heads H
 * @param shared heads K of keys and of values
 * @param size d of a head
 */
public record HeadLayout(int heads, int shared, int size) {
    public HeadLayout {
        if (heads < 1 || shared < 1 || size < 1 || heads % shared != 0) {
            throw new IllegalArgumentException(heads + " heads cannot share " + shared + " heads of " + size);
        }
    }

    /** Returns the columns of a row. */
    public long width() {
        return (heads + 2L * shared) * size;
    }
}
