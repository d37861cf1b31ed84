package dev.crema.text.protobuf;

import dev.crema.text.InputException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.LongConsumer;

/**
 * Walks over the fields of one protobuf message in place. A field is a number and a wire type in a variable-length
 * integer, then its content: such an integer, four or eight bytes, or a length and so many bytes.
 */
public final class Protobuf {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int VARINT = 0, EIGHT_BYTES = 1, LENGTH = 2, FOUR_BYTES = 5;
    private static final int MAX_TEXT = 4096;

    private final String where;
    private final MemorySegment message;
    private long position;
    private int field;
    private int wire;
    private long number;
    private MemorySegment content = MemorySegment.NULL;

    /**
     * Begins before the first field of a message.
     *
     * @param where what to begin an error with, such as {@code "The file is no ONNX model"}
     */
    public Protobuf(String where, MemorySegment message) {
        this.where = where;
        this.message = message;
    }

    /**
     * Goes on to the next field; tells whether there was one.
     *
     * @throws InputException if the message is malformed
     */
    public boolean next() {
        if (position == message.byteSize()) return false;
        long tag = varint();
        wire = (int) (tag & 7);
        if (tag >>> 3 == 0 || tag >>> 3 > 1 << 29) throw malformed("it has a field with the number " + (tag >>> 3));
        field = (int) (tag >>> 3);
        switch (wire) {
            case VARINT -> number = varint();
            case EIGHT_BYTES -> content = take(8);
            case FOUR_BYTES -> content = take(4);
            case LENGTH -> content = take(varint());
            default -> throw malformed("it has a field of the wire type " + wire);
        }
        return true;
    }

    /** Returns the number of the field. */
    public int field() {
        return field;
    }

    /** Returns the integer in the field. */
    public long number() {
        if (wire != VARINT) throw malformed("field " + field + " is no integer");
        return number;
    }

    /** Returns the float in the field. */
    public float real() {
        if (wire != FOUR_BYTES) throw malformed("field " + field + " is no float");
        return Float.intBitsToFloat(content.get(INT, 0));
    }

    /** Returns the bytes in the field. */
    public MemorySegment bytes() {
        if (wire != LENGTH) throw malformed("field " + field + " holds no bytes");
        return content;
    }

    /** Returns the message in the field. */
    public Protobuf message() {
        return new Protobuf(where, bytes());
    }

    /** Returns the text in the field, of no great length. */
    public String text() {
        MemorySegment bytes = bytes();
        if (bytes.byteSize() > MAX_TEXT) {
            throw malformed("a name in it has " + bytes.byteSize() + " bytes, of at most " + MAX_TEXT);
        }
        return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /** Adds the integers in the field to a list: one, or many packed. */
    public void numbers(LongConsumer into) {
        if (wire == VARINT) {
            into.accept(number);
            return;
        }
        Protobuf packed = message();
        while (packed.position < packed.message.byteSize()) into.accept(packed.varint());
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = take(1).get(ValueLayout.JAVA_BYTE, 0);
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) return value;
        }
        throw malformed("it has an integer of more than ten bytes");
    }

    private MemorySegment take(long bytes) {
        if (bytes < 0 || bytes > message.byteSize() - position) {
            throw malformed("a field claims " + Long.toUnsignedString(bytes) + " bytes where "
                    + (message.byteSize() - position) + " are left");
        }
        position += bytes;
        return message.asSlice(position - bytes, bytes);
    }

    private InputException malformed(String why) {
        return new InputException(where + ", or is truncated: " + why);
    }
}
