package dev.crema.text.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A value of the metadata; whole numbers of every width are one kind, and so are real ones. */
public sealed interface GgufValue {
    /** A whole number; written as UINT32. */
    record Whole(long value) implements GgufValue {}

    /** A real number; written as FLOAT32. */
    record Real(double value) implements GgufValue {}

    record Flag(boolean value) implements GgufValue {}

    record Text(String value) implements GgufValue {}

    /**
     * An array as it lies in the file, decoded when it is asked for: a vocabulary is large, and few readers want it.
     *
     * @param bytes its elements; the file has been checked to hold as many as {@code count} says
     */
    record Array(Kind element, int count, MemorySegment bytes) implements GgufValue {
        /** Encode texts. */
        public static Array ofTexts(List<String> texts) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (String text : texts) {
                byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                bytes.writeBytes(
                        littleEndian(Long.BYTES).putLong(0, utf8.length).array());
                bytes.writeBytes(utf8);
            }
            return new Array(Kind.STRING, texts.size(), MemorySegment.ofArray(bytes.toByteArray()));
        }

        /** Encode whole numbers, as INT32. */
        public static Array ofInts(int[] values) {
            ByteBuffer buffer = littleEndian(values.length * Integer.BYTES);
            buffer.asIntBuffer().put(values);
            return new Array(Kind.INT32, values.length, MemorySegment.ofArray(buffer.array()));
        }

        /** Encode real numbers, as FLOAT32. */
        public static Array ofFloats(float[] values) {
            ByteBuffer buffer = littleEndian(values.length * Float.BYTES);
            buffer.asFloatBuffer().put(values);
            return new Array(Kind.FLOAT32, values.length, MemorySegment.ofArray(buffer.array()));
        }

        private static ByteBuffer littleEndian(int bytes) {
            return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }

        /** Decode the elements of an array of texts; malformed UTF-8 becomes U+FFFD. */
        List<String> texts() {
            List<String> texts = new ArrayList<>(count);
            long at = 0;
            for (int i = 0; i < count; i++) {
                long length = bytes.get(Kind.LONG, at);
                byte[] utf8 = bytes.asSlice(at + Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE);
                texts.add(new String(utf8, StandardCharsets.UTF_8));
                at += Long.BYTES + length;
            }
            return texts;
        }
    }

    /** The types that a value has in a file, in the order of their numbers; the size of a text is its own. */
    enum Kind {
        UINT8(1),
        INT8(1),
        UINT16(2),
        INT16(2),
        UINT32(4),
        INT32(4),
        FLOAT32(4),
        BOOL(1),
        STRING(0),
        ARRAY(0),
        UINT64(8),
        INT64(8),
        FLOAT64(8);

        static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

        private final int bytes;

        Kind(int bytes) {
            this.bytes = bytes;
        }

        int bytes() {
            return bytes;
        }

        boolean whole() {
            return switch (this) {
                case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
                case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
            };
        }

        boolean real() {
            return this == FLOAT32 || this == FLOAT64;
        }

        /** Read a number; those of 64 bits without a sign that are too large for a {@code long} turn negative. */
        long wholeAt(MemorySegment memory, long at) {
            return switch (this) {
                case UINT8 -> Byte.toUnsignedLong(memory.get(ValueLayout.JAVA_BYTE, at));
                case INT8 -> memory.get(ValueLayout.JAVA_BYTE, at);
                case UINT16 -> Short.toUnsignedLong(memory.get(SHORT, at));
                case INT16 -> memory.get(SHORT, at);
                case UINT32 -> Integer.toUnsignedLong(memory.get(INT, at));
                case INT32 -> memory.get(INT, at);
                case UINT64, INT64 -> memory.get(LONG, at);
                case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw new IllegalStateException(this + " is not whole");
            };
        }

        double realAt(MemorySegment memory, long at) {
            return this == FLOAT32 ? memory.get(FLOAT, at) : memory.get(DOUBLE, at);
        }
    }
}
