package dev.crema.text.gguf;

import dev.crema.text.InputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How the elements of a tensor lie in a GGUF file: plain numbers, or blocks of a scale and small integers.
 *
 * <p>A block of the types {@code Q4_0} to {@code Q8_0} covers 32 elements of a row; one of the types that end in
 * {@code K} covers 256, with scales of its parts that are themselves quantised.
 */
public enum GgmlType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    BF16(30, 1, 2);

    private final int id;
    private final int blockElements;
    private final int blockBytes;

    GgmlType(int id, int blockElements, int blockBytes) {
        this.id = id;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** Give the number that stands for the type in a file. */
    public int id() {
        return id;
    }

    /** Count the elements of a block; a row is a whole number of blocks. */
    public int blockElements() {
        return blockElements;
    }

    /** Give the size of a block in bytes. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Give the size of so many elements, a whole number of blocks, in bytes. */
    public long bytes(long elements) {
        return elements / blockElements * blockBytes;
    }

    /** Give the name that people write, such as {@code q8_0}. */
    public String lowerCaseName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Find a type by its number.
     *
     * @throws InputException if it is none of those that are read
     */
    static GgmlType of(String where, int id) {
        for (GgmlType type : values()) {
            if (type.id == id) {
                return type;
            }
        }
        throw new InputException(where + " has the ggml type " + id + ", which is not read; known are "
                + Arrays.stream(values())
                        .map(type -> type.name() + " (" + type.id + ")")
                        .collect(Collectors.joining(", ")));
    }
}
