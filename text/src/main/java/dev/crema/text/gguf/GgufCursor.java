package dev.crema.text.gguf;

import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufValue.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads a file's header front to back; every length is compared with what is left before it is believed. */
final class GgufCursor {
    private final String file;
    private final MemorySegment memory;
    private long position;

    GgufCursor(String file, MemorySegment memory) {
        this.file = file;
        this.memory = memory;
    }

    long position() {
        return position;
    }

    int int32(String what) {
        return memory.get(Kind.INT, advance(what, Integer.BYTES));
    }

    long int64(String what) {
        return memory.get(Kind.LONG, advance(what, Long.BYTES));
    }

    /**
     * Reads how many there are of something.
     *
     * @param leastBytes how few bytes one of them takes
     */
    int count(String what, int leastBytes, int limit) {
        long count = int64(what);
        long possible = Math.min(limit, (memory.byteSize() - position) / leastBytes);
        if (count < 0 || count > possible) {
            throw new InputException(file + ": " + what + " is " + Long.toUnsignedString(count) + "; at most "
                    + possible + " can follow: the file is truncated or altered");
        }
        return (int) count;
    }

    /** Reads a name: short and well-formed. */
    String name(String what, int limit) {
        MemorySegment bytes = string(what);
        if (bytes.byteSize() == 0 || bytes.byteSize() > limit) {
            throw new InputException(
                    file + ": " + what + " has a name of " + bytes.byteSize() + " bytes: it has 1 to " + limit);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": " + what + " has a name that is not UTF-8", e);
        }
    }

    GgufValue value(String key) {
        Kind kind = kind(key);
        return switch (kind) {
            case STRING -> new GgufValue.Text(text(key));
            case ARRAY -> array(key);
            case BOOL -> new GgufValue.Flag(memory.get(ValueLayout.JAVA_BYTE, advance(key, 1)) != 0);
            case FLOAT32, FLOAT64 -> new GgufValue.Real(kind.realAt(memory, advance(key, kind.bytes())));
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 ->
                new GgufValue.Whole(kind.wholeAt(memory, advance(key, kind.bytes())));
        };
    }

    private GgufValue array(String key) {
        Kind element = kind(key);
        if (element == Kind.ARRAY) {
            throw new InputException(file + ": " + key + " is an array of arrays, which no model needs");
        }
        int least = element == Kind.STRING ? Long.BYTES : element.bytes();
        int count = count("the length of " + key, least, Integer.MAX_VALUE - 8);
        long start = position;
        if (element == Kind.STRING) {
            for (int i = 0; i < count; i++) {
                string(key);
            }
        } else {
            advance(key, (long) count * element.bytes());
        }
        return new GgufValue.Array(element, count, memory.asSlice(start, position - start));
    }

    private Kind kind(String key) {
        int number = int32(key);
        if (number < 0 || number >= Kind.values().length) {
            throw new InputException(file + ": " + key + " has the type " + Integer.toUnsignedString(number)
                    + "; types go from 0 to " + (Kind.values().length - 1));
        }
        return Kind.values()[number];
    }

    private String text(String what) {
        MemorySegment bytes = string(what);
        if (bytes.byteSize() > Integer.MAX_VALUE - 8) {
            throw new InputException(file + ": " + what + " has a text of " + bytes.byteSize() + " bytes: too long");
        }
        return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private MemorySegment string(String what) {
        long length = int64(what);
        return memory.asSlice(advance(what, length), length);
    }

    /** Moves on; gives where it stood. */
    private long advance(String what, long bytes) {
        if (bytes < 0 || bytes > memory.byteSize() - position) {
            throw new InputException(file + ": " + what + " claims " + Long.toUnsignedString(bytes) + " bytes, "
                    + (memory.byteSize() - position) + " are left: the file is truncated or altered");
        }
        long start = position;
        position += bytes;
        return start;
    }
}
