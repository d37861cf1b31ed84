package dev.crema.model.checkpoint.onnx;

import java.util.Arrays;

/** The first of some integers, such as a shape. */
final class LongList {
    private static final int MOST = 16;

    private long[] values = new long[MOST];
    private long size;

    void add(long value) {
        if (size < MOST) values[(int) size] = value;
        size++;
    }

    /** Tells whether there were more than such a list holds. */
    boolean tooLong() {
        return size > MOST;
    }

    long[] toArray() {
        return Arrays.copyOf(values, (int) Math.min(size, MOST));
    }
}
