package dev.crema.text.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufWriter.Planned;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgufFileTest {
    private static final Map<String, GgufValue> METADATA = Map.of(
            "a.whole",
            new GgufValue.Whole(0xFFFF_FFFFL),
            "a.real",
            new GgufValue.Real(1e-5),
            "a.flag",
            new GgufValue.Flag(true),
            "a.text",
            new GgufValue.Text("中文\n"),
            "some.texts",
            GgufValue.Array.ofTexts(List.of("a", "", "é")),
            "some.ints",
            GgufValue.Array.ofInts(new int[] {-1, 7}),
            "some.floats",
            GgufValue.Array.ofFloats(new float[] {0.5f, -2}),
            "same.ints",
            GgufValue.Array.ofInts(new int[] {3, 3}));
    private static final List<Planned> TENSORS = List.of(
            new Planned("matrix", GgmlType.Q8_0, new long[] {3, 64}),
            new Planned("vector", GgmlType.F32, new long[] {5}));

    @TempDir
    Path folder;

    @Test
    void readsWhatIsWritten() throws IOException {
        try (GgufFile file = GgufFile.open(write())) {
            GgufMetadata metadata = file.metadata();
            assertThat(file.version()).isEqualTo(3);
            assertThat(metadata.values()).hasSize(METADATA.size());
            assertThat(metadata.values().get("a.whole")).isEqualTo(new GgufValue.Whole(0xFFFF_FFFFL));
            assertThat(metadata.real("a.real", 0)).isEqualTo(1e-5);
            assertThat(metadata.flag("a.flag", false)).isTrue();
            assertThat(metadata.text("a.text")).isEqualTo("中文\n");
            assertThat(metadata.texts("some.texts")).containsExactly("a", "", "é");
            assertThat(metadata.ints("some.ints")).containsExactly(-1, 7);
            assertThat(metadata.floats("some.floats")).containsExactly(0.5f, -2);
            assertThat(metadata.whole("same.ints")).isEqualTo(3);

            GgufTensor matrix = Objects.requireNonNull(file.tensors().get("matrix"));
            assertThat(matrix.shape()).containsExactly(3, 64);
            assertThat(matrix.data().toArray(ValueLayout.JAVA_BYTE))
                    .hasSize(204)
                    .containsOnly(6);
            GgufTensor vector = Objects.requireNonNull(file.tensors().get("vector"));
            assertThat(vector.rows()).isEqualTo(1);
            assertThat(vector.data().toArray(ValueLayout.JAVA_BYTE)).hasSize(20).containsOnly(6);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 | 0x11111111 | does not begin with \"GGUF\"",
                "4 | 1 | version 1: versions 2 and 3 are read",
                "4 | 0x03000000 | big-endian",
                "12 | 0x7fffffff | number of tensors",
                "20 | 0x7fffffff | number of metadata keys",
            })
    void refusesAHeaderThatLies(int at, String value, String complaint) throws IOException {
        byte[] bytes = Files.readAllBytes(write());
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, Integer.decode(value));
        Path altered = Files.write(folder.resolve("altered.gguf"), bytes);

        assertThatThrownBy(() -> GgufFile.open(altered))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(complaint);
    }

    @Test
    void refusesATruncatedFile() throws IOException {
        byte[] bytes = Files.readAllBytes(write());
        Path cut = Files.write(folder.resolve("cut.gguf"), java.util.Arrays.copyOf(bytes, bytes.length - 40));

        assertThatThrownBy(() -> GgufFile.open(cut))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("tensor vector claims bytes")
                .hasMessageContaining("truncated");
    }

    @Test
    void namesTheKeyOfAValueOfAnotherType() throws IOException {
        try (GgufFile file = GgufFile.open(write())) {
            assertThatThrownBy(() -> file.metadata().whole("a.text"))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("a.text is Text")
                    .hasMessageContaining("whole number");
            assertThatThrownBy(() -> file.metadata().whole("some.ints")).hasMessageContaining("differs between layers");
            assertThatThrownBy(() -> file.metadata().text("b.text")).hasMessageContaining("b.text is missing");
        }
    }

    private Path write() throws IOException {
        Path path = folder.resolve("file.gguf");
        GgufWriter.write(path, METADATA, TENSORS, (tensor, sink) -> {
            byte[] bytes = new byte[(int) tensor.bytes()];
            java.util.Arrays.fill(bytes, (byte) 6);
            sink.accept(ByteBuffer.wrap(bytes));
        });
        return path;
    }
}
