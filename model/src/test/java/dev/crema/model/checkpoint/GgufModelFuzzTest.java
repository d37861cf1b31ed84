package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.RotaryScaling;
import dev.crema.model.Weights;
import dev.crema.model.checkpoint.gguf.GgufModel;
import dev.crema.model.checkpoint.gguf.GgufModelWriter;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reads the configuration of models whose files were damaged: each is read or refused. */
class GgufModelFuzzTest {
    private static final int FILES = 120_000;
    private static final Path GOLDEN = Path.of("src/test/resources/golden/gguf");
    /** Where most of what a golden file says of itself lies. */
    private static final int HEADER = 3500;

    private static final int[] EXTREMES = {0, -1, 1, 2, 3, 7, 1 << 16, 1 << 30, Integer.MAX_VALUE, Integer.MIN_VALUE};

    @TempDir
    Path folder;

    @Test
    @Timeout(60)
    void eachConfigurationIsReadOrRefused() throws IOException {
        List<byte[]> sound = new ArrayList<>(List.of(sound()));
        for (String name : new String[] {"mixtral", "phi3", "gemma3", "qwen2moe", "deepseek3", "deepseek2-expanded"}) {
            sound.add(Files.readAllBytes(GOLDEN.resolve(name + ".gguf")));
        }
        assertThat(sound).allMatch(GgufModelFuzzTest::reads);
        long read = IntStream.range(0, FILES)
                .parallel()
                .filter(seed -> reads(mutated(sound.get(seed % sound.size()), new SplittableRandom(seed))))
                .count();

        assertThat(read).isBetween(FILES / 50L, FILES * 4L / 5);
    }

    private static boolean reads(byte[] bytes) {
        Path path = Path.of("fuzz.gguf");
        try (GgufFile file = GgufFile.of(path, MemorySegment.ofArray(bytes))) {
            GgufModel model = new GgufModel(file);
            assertThat(FamilyConfig.read(new ConfigJson(path, model.config())).config())
                    .isNotNull();
            return true;
        } catch (InputException refused) {
            assertThat(refused.getMessage()).isNotBlank();
            return false;
        }
    }

    private static byte[] mutated(byte[] sound, SplittableRandom random) {
        byte[] bytes = sound.clone();
        for (int i = 0; i <= random.nextInt(3); i++) {
            int at = random.nextInt(Math.min(HEADER, bytes.length - Integer.BYTES));
            if (random.nextBoolean()) {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
            } else {
                int value = EXTREMES[random.nextInt(EXTREMES.length)];
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
            }
        }
        return bytes;
    }

    private byte[] sound() throws IOException {
        ArchConfig config = new ArchConfig(
                8,
                8,
                1,
                16,
                new AttentionSpec.GroupedQuery(2, 1, 4, false, false),
                new FeedForwardSpec.Gated(8, Activation.SILU, false),
                new NormSpec.RmsNorm(1e-5),
                new PositionSpec.Rotary(10_000, new RotaryScaling.Llama3(8, 1, 4, 32)),
                false);
        Path file = folder.resolve("sound.gguf");
        try (Decoder model = Decoder.of(config, Weights.random(config, DType.FP32, Device.CPU, 0.1, 1));
                Scope scope = Scope.open()) {
            Map<String, dev.crema.tensor.Tensor> weights =
                    ModelFolder.theirs(Family.LLAMA, config, model.weights().byName());
            GgufModelWriter.write(file, "llama", config, weights, Map.of(), GgmlType.BF16);
        }
        return Files.readAllBytes(file);
    }
}
