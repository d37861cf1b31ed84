package dev.crema.data;

import dev.crema.text.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads UTF-8 lines with their newline kept, however long: a line over the limit comes in several pieces.
 *
 * <p>Bytes are decoded a line at a time, and strictly, so that bad bytes can be reported with the line they are on.
 */
final class LineReader implements AutoCloseable {
    private static final int BUFFER = 1 << 16;

    private final Path file;
    private final InputStream in;
    private final int limit;
    private final byte[] buffer = new byte[BUFFER];
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private byte[] line = new byte[256];
    private int length;
    private int at;
    private int end;
    private long number;
    private boolean lineOpen;

    /** Opens a file; {@code limit} is the longest piece of a line in bytes. */
    LineReader(Path file, int limit) {
        this.file = file;
        this.limit = limit;
        try {
            this.in = Files.newInputStream(file);
            fill();
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read: " + e.getMessage(), e);
        }
        if (end >= 3 && buffer[0] == (byte) 0xEF && buffer[1] == (byte) 0xBB && buffer[2] == (byte) 0xBF) {
            at = 3; // a byte order mark is not text
        }
    }

    /** Returns the 1-based number of the line that the last piece belongs to. */
    long number() {
        return number;
    }

    /** Moves to the next piece; false at the end of the file. */
    boolean advance() {
        int carried = carryIncompleteCharacter();
        length = carried;
        if (!lineOpen) {
            number++;
        }
        lineOpen = true;
        while (length < limit) {
            if (at == end && !refill()) {
                break;
            }
            int room = Math.min(end - at, limit - length);
            int newline = indexOfNewline(at, at + room);
            int take = newline < 0 ? room : newline + 1 - at;
            append(take);
            if (newline >= 0) {
                lineOpen = false;
                return true;
            }
        }
        return length > 0;
    }

    /** Returns the last piece, its newline included. Throws where its bytes are not UTF-8. */
    String piece() {
        return decoded()
                .orElseThrow(() -> new InputException(
                        file + ":" + number + ": not UTF-8; convert the file to UTF-8 (iconv -t UTF-8)"));
    }

    /** Returns the last piece, its newline included; empty where its bytes are not UTF-8. */
    Optional<String> decoded() {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(line, 0, length - incompleteTail());
            return Optional.of(utf8.decode(bytes).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** Tells whether the last piece ended before its line did. */
    boolean lineGoesOn() {
        return lineOpen && length >= limit;
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new InputException(file + ": cannot be closed: " + e.getMessage(), e);
        }
    }

    /** A piece cut by the limit may end inside a character, whose bytes begin the next piece. */
    private int carryIncompleteCharacter() {
        int tail = incompleteTail();
        System.arraycopy(line, length - tail, line, 0, tail);
        return tail;
    }

    private int incompleteTail() {
        if (!lineOpen || length < limit) {
            return 0;
        }
        for (int back = 1; back <= Math.min(3, length - 1); back++) {
            int b = line[length - back] & 0xFF;
            if (b < 0x80) {
                return 0;
            }
            if (b >= 0xC0) {
                int width = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
                return back < width ? back : 0;
            }
        }
        return 0;
    }

    private int indexOfNewline(int from, int to) {
        for (int i = from; i < to; i++) {
            if (buffer[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private void append(int count) {
        if (length + count > line.length) {
            line = Arrays.copyOf(line, Math.min(Math.max(limit, 256), Math.max(length + count, line.length * 2)));
        }
        System.arraycopy(buffer, at, line, length, count);
        length += count;
        at += count;
    }

    private boolean refill() {
        try {
            fill();
        } catch (IOException e) {
            throw new InputException(file + ":" + number + ": cannot be read: " + e.getMessage(), e);
        }
        return end > 0;
    }

    private void fill() throws IOException {
        at = 0;
        end = Math.max(0, in.readNBytes(buffer, 0, BUFFER));
    }
}
