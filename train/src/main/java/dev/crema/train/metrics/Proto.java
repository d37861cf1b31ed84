package dev.crema.train.metrics;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Encodes one protocol buffers message: each field is a varint of (number, wire type) and its value. */
final class Proto {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Adds a number; 0 is left out, as proto3 does with a field's default. */
    Proto number(int field, long value) {
        if (value != 0) {
            tag(field, VARINT);
            varint(value);
        }
        return this;
    }

    Proto float32(int field, float value) {
        tag(field, FIXED32);
        littleEndian(Float.floatToIntBits(value), 4);
        return this;
    }

    Proto float64(int field, double value) {
        tag(field, FIXED64);
        littleEndian(Double.doubleToLongBits(value), 8);
        return this;
    }

    Proto text(int field, String value) {
        return lengthDelimited(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Proto message(int field, Proto value) {
        return lengthDelimited(field, value.bytes());
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    private Proto lengthDelimited(int field, byte[] value) {
        tag(field, LENGTH);
        varint(value.length);
        out.writeBytes(value);
        return this;
    }

    private void tag(int field, int wireType) {
        varint((long) field << 3 | wireType);
    }

    private void varint(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private void littleEndian(long bits, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (bits >>> 8 * i));
        }
    }
}
