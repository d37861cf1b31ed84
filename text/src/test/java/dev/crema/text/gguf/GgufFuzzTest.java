package dev.crema.text.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufVocabulary.Type;
import dev.crema.text.gguf.GgufWriter.Planned;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Opens files that were made to hurt: each opens or is refused, in no time and without much memory. */
class GgufFuzzTest {
    private static final int FILES = 120_000;
    private static final List<Planned> TENSORS = List.of(
            new Planned("token_embd.weight", GgmlType.Q8_0, new long[] {8, 32}),
            new Planned("blk.0.attn_norm.weight", GgmlType.F32, new long[] {32}),
            new Planned("blk.0.attn_q.weight", GgmlType.Q4_K, new long[] {2, 256}));

    /** Values that break what counts and adds without looking. */
    private static final long[] EXTREMES = {
        -1, 0, 1, 0x7F, 0xFF, 1L << 16, 1L << 31, 0xFFFF_FFFFL, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE, -32, 1L << 62
    };

    @Test
    @Timeout(60)
    void eachFileOpensOrIsRefused() {
        byte[] sound = sound();
        assertThat(opens(sound)).isTrue();
        long opened = IntStream.range(0, FILES)
                .parallel()
                .filter(seed -> opens(mutated(sound, new SplittableRandom(seed))))
                .count();

        // Both happen: flips inside the data do no harm, most others are found.
        assertThat(opened).isBetween(FILES / 50L, FILES * 4L / 5);
    }

    private static boolean opens(byte[] bytes) {
        try (GgufFile file = GgufFile.of(Path.of("fuzz.gguf"), MemorySegment.ofArray(bytes))) {
            file.tensors()
                    .values()
                    .forEach(tensor -> assertThat(tensor.data().byteSize())
                            .isEqualTo(tensor.type().bytes(tensor.rows() * tensor.columns())));
            GgufTexts texts = new GgufTexts(file);
            texts.pieces();
            assertThat(texts.find("tokenizer.json").isPresent()
                            && texts.find("tokenizer_config.json").isPresent()
                            && texts.find("generation_config.json").isPresent())
                    .isTrue();
            return true;
        } catch (InputException refused) {
            assertThat(refused.getMessage()).isNotBlank();
            return false;
        }
    }

    private static byte[] mutated(byte[] sound, SplittableRandom random) {
        byte[] bytes = sound.clone();
        int wounds = 1 + random.nextInt(3);
        for (int i = 0; i < wounds; i++) {
            switch (random.nextInt(6)) {
                case 0 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                case 2 -> bytes = Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length));
                case 3 -> write(bytes, random, EXTREMES[random.nextInt(EXTREMES.length)]);
                case 4 -> write(bytes, random, random.nextLong());
                default -> { // a stretch from elsewhere
                    int length = random.nextInt(Math.min(64, bytes.length));
                    int from = random.nextInt(bytes.length - length), to = random.nextInt(bytes.length - length);
                    System.arraycopy(bytes, from, bytes, to, length);
                }
            }
        }
        return bytes;
    }

    /** Overwrites what may be a count or a length; the first of the file are hit most. */
    private static void write(byte[] bytes, SplittableRandom random, long value) {
        int size = random.nextBoolean() ? Long.BYTES : Integer.BYTES;
        if (bytes.length < size) {
            return;
        }
        int at = random.nextInt(1 + random.nextInt(bytes.length - size + 1));
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (size == Long.BYTES) {
            buffer.putLong(at, value);
        } else {
            buffer.putInt(at, (int) value);
        }
    }

    private static byte[] sound() {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", new GgufValue.Text("llama"));
        metadata.put("general.alignment", new GgufValue.Whole(32));
        metadata.put("llama.context_length", new GgufValue.Whole(64));
        metadata.put("tokenizer.ggml.model", new GgufValue.Text("llama"));
        metadata.put(
                GgufVocabulary.TOKENS,
                GgufValue.Array.ofTexts(List.of("<unk>", "<s>", "</s>", "<0x0A>", "\u2581", "a", "b", "ab")));
        metadata.put(GgufVocabulary.SCORES, GgufValue.Array.ofFloats(new float[] {0, 0, 0, 0, -3, -4, -5, -1}));
        metadata.put(GgufVocabulary.TYPES, GgufValue.Array.ofInts(new int[] {
            Type.UNKNOWN.ordinal(), Type.CONTROL.ordinal(), Type.CONTROL.ordinal(), Type.BYTE.ordinal(), 1, 1, 1, 1
        }));
        metadata.put("tokenizer.ggml.eos_token_id", new GgufValue.Whole(2));
        metadata.put("tokenizer.ggml.add_bos_token", new GgufValue.Flag(true));
        metadata.put("tokenizer.chat_template", new GgufValue.Text("{{ messages }}"));
        byte[] header = GgufWriter.header(metadata, TENSORS);
        long end = Math.ceilDiv(header.length, 32) * 32L;
        for (Planned tensor : TENSORS) {
            end = Math.ceilDiv(end + tensor.bytes(), 32) * 32;
        }
        return Arrays.copyOf(header, (int) end);
    }
}
