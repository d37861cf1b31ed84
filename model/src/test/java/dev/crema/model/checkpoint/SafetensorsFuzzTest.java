package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads headers that were made to hurt: each is read or refused, in no time and without much memory. */
class SafetensorsFuzzTest {
    private static final int FILES = 120_000;
    private static final int DATA = 96;
    private static final Path FILE = Path.of("fuzz.safetensors");
    private static final String SOUND = """
            {"__metadata__":{"format":"pt"},\
            "model.embed_tokens.weight":{"dtype":"F32","shape":[4,4],"data_offsets":[0,64]},\
            "model.norm.weight":{"dtype":"BF16","shape":[4],"data_offsets":[64,72]},\
            "scalar":{"dtype":"I64","shape":[],"data_offsets":[72,80]},\
            "empty":{"dtype":"U8","shape":[0,7],"data_offsets":[80,80]},\
            "mask":{"dtype":"BOOL","shape":[2,2,4],"data_offsets":[80,96]}}""";
    /** Pieces of JSON that change what a header says. */
    private static final String[] PIECES = {
        "-1",
        "18446744073709551615",
        "9223372036854775807",
        "4611686018427387904",
        "1e400",
        "1e-5",
        "null",
        "true",
        "{}",
        "[]",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\"F32\"",
        "\"F8\"",
        "\"../\"",
        "\\u0000",
        "[[[[[[[[",
        "{\"a\":",
        "[0,64]",
        "999999999999999999999999999999",
        "\"shape\"",
        "\"dtype\"",
        "\"__metadata__\""
    };

    @Test
    @Timeout(60)
    void eachHeaderIsReadOrRefused() {
        byte[] sound = file(SOUND);
        assertThat(reads(sound)).isTrue();
        long read = IntStream.range(0, FILES)
                .parallel()
                .filter(seed -> reads(mutated(sound, new SplittableRandom(seed))))
                .count();

        // Both happen: another letter in a name does no harm, most wounds are found.
        assertThat(read).isBetween(FILES / 50L, FILES / 2L);
    }

    private static boolean reads(byte[] bytes) {
        try {
            SafetensorsHeader header = SafetensorsHeader.read(FILE, MemorySegment.ofArray(bytes));
            for (SafetensorsHeader.Row row : header.rows()) {
                long size = row.dtype().bytes();
                for (long extent : row.shape()) {
                    size *= extent;
                }
                assertThat(row.end() - row.begin()).isEqualTo(size);
                assertThat(header.dataStart() + row.end()).isLessThanOrEqualTo(bytes.length);
            }
            return true;
        } catch (InputException refused) {
            assertThat(refused.getMessage()).isNotBlank();
            return false;
        }
    }

    private static byte[] mutated(byte[] sound, SplittableRandom random) {
        // Most files keep what they say of the header's length true, so that what comes after is tried as well.
        return random.nextInt(4) == 0
                ? wounded(sound, random)
                : file(new String(wounded(header(sound), random), StandardCharsets.ISO_8859_1));
    }

    private static byte[] header(byte[] file) {
        return Arrays.copyOfRange(file, Long.BYTES, file.length - DATA);
    }

    /** Makes a file of a header, with its length before and its data behind it. */
    private static byte[] file(String header) {
        byte[] json = header.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(Long.BYTES + json.length + DATA)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    private static byte[] wounded(byte[] sound, SplittableRandom random) {
        byte[] bytes = sound;
        int wounds = 1 + random.nextInt(3);
        for (int i = 0; i < wounds && bytes.length > 0; i++) {
            int at = random.nextInt(bytes.length), to = Math.min(bytes.length, at + random.nextInt(24));
            bytes = switch (random.nextInt(5)) {
                case 0 -> spliced(bytes, at, at + 1, (byte) (bytes[at] ^ 1 << random.nextInt(8)));
                case 1 -> Arrays.copyOf(bytes, at + 1);
                case 2 -> spliced(bytes, at, to);
                case 3 -> spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, to));
                default -> {
                    byte[] piece = PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.UTF_8);
                    yield spliced(
                            bytes, at, random.nextBoolean() ? at : Math.min(bytes.length, at + piece.length), piece);
                }
            };
        }
        return bytes;
    }

    /** Puts bytes in the place of others. */
    private static byte[] spliced(byte[] bytes, int from, int to, byte... piece) {
        ByteBuffer spliced = ByteBuffer.allocate(bytes.length - (to - from) + piece.length);
        spliced.put(bytes, 0, from).put(piece).put(bytes, to, bytes.length - to);
        return spliced.array();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}} | overlap",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[64],\"data_offsets\":[0,256]}} | truncated",
                "{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}} | 16 bytes claims",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}} | overflows",
                "{\"../../etc/passwd\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | parent folder",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}} | malformed",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"strides\":[1]}} | just dtype",
                "{} {} | more than one object",
            })
    void namesWhatIsWrong(String header, String complaint) {
        assertThatThrownBy(() -> SafetensorsHeader.read(FILE, MemorySegment.ofArray(file(header.strip()))))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(complaint.strip());
    }

    @Test
    @Timeout(60)
    void moreTensorsThanAnyModelHasAreRefusedSoon() {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < 1_100_000; i++) {
            header.append("\"t").append(i).append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},");
        }
        byte[] bytes = file(header.append("\"z\":{}}").toString());
        assertThatThrownBy(() -> SafetensorsHeader.read(FILE, MemorySegment.ofArray(bytes)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("more than 1048576 tensors");
    }
}
