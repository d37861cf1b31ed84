package dev.crema.model.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufFile;
import dev.crema.text.gguf.GgufTensor;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Against ggml's own Python package, bit by bit: {@code bench/reference/gguf_blocks.py}. */
class BlocksParityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/gguf-blocks.gguf");

    @ParameterizedTest
    @EnumSource(value = GgmlType.class, mode = Mode.EXCLUDE, names = "F32")
    void decodesToTheSameBits(GgmlType type) {
        try (GgufFile file = GgufFile.open(GOLDEN)) {
            GgufTensor stored = tensor(file, "read." + type.lowerCaseName());
            float[] expected = floats(tensor(file, "read." + type.lowerCaseName() + ".values"));

            assertThat(stored.type()).isEqualTo(type);
            float[] values = new float[expected.length];
            Dequantizer.row(type, bytes(stored), values, values.length);
            assertThat(values).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
    void encodesToTheSameBytes(GgmlType type) {
        try (GgufFile file = GgufFile.open(GOLDEN)) {
            float[] values = floats(tensor(file, "write.values"));
            String expected = type == GgmlType.F32 ? "write.values" : "write." + type.lowerCaseName();

            assertThat(Quantizer.writes(type)).isTrue();
            byte[] blocks = new byte[(int) type.bytes(values.length)];
            Quantizer.row(type, values, blocks, values.length);
            assertThat(blocks).isEqualTo(bytes(tensor(file, expected)));
        }
    }

    private static GgufTensor tensor(GgufFile file, String name) {
        return Objects.requireNonNull(file.tensors().get(name), name);
    }

    private static byte[] bytes(GgufTensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_BYTE);
    }

    private static float[] floats(GgufTensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
}
