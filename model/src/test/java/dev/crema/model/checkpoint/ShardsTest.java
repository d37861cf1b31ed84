package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.tensor.DType;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Writes shards with their index, reads them again, and refuses indexes that lie. */
class ShardsTest {
    private static final String FIRST = "model-00001-of-00003.safetensors";

    @TempDir
    private Path folder;

    /** Three tensors of 16 bytes, of which two fit into a shard of 40, and a larger one of 48. */
    private void write(long maxBytes) throws IOException {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            tensors.put("a", Tensors.of(new float[] {1, 2, 3, 4}, 4));
            tensors.put("b", Tensors.of(new float[] {5, 6, 7, 8}, 4));
            tensors.put("c", Tensors.of(new float[12], 3, 4));
            tensors.put("d", Tensors.of(new float[] {9, 10, 11, 12}, 4));
            ShardIndex.write(folder, tensors, maxBytes);
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void splitsWhatIsLargerThanAShardAndReadsItAgain() throws IOException {
        write(40);
        assertThat(names())
                .containsExactly(
                        FIRST,
                        "model-00002-of-00003.safetensors",
                        "model-00003-of-00003.safetensors",
                        "model.safetensors.index.json");
        assertThat(Files.readString(folder.resolve(ShardIndex.NAME))).contains("\"total_size\" : 96");
        try (Shards shards = Shards.open(folder);
                Scope scope = Scope.open()) {
            assertThat(shards.entries().keySet()).containsExactly("a", "b", "c", "d");
            assertThat(shards.find(List.of("x", "b")).tensor().toFloats()).containsExactly(5, 6, 7, 8);
            assertThat(shards.find(List.of("d")).tensor().toFloats()).containsExactly(9, 10, 11, 12);
        }
    }

    @Test
    void leavesNothingOfAnEarlierModel() throws IOException {
        write(16);
        assertThat(names()).hasSize(5);
        write(96);
        assertThat(names()).containsExactly("model.safetensors");
        write(60);
        assertThat(names()).hasSize(4).doesNotContain("model.safetensors");
    }

    @Test
    void leavesNothingOfAFailedWrite() throws IOException {
        write(96);
        byte[] before = Files.readAllBytes(folder.resolve("model.safetensors"));
        try (Scope scope = Scope.open()) {
            Tensor closed = Tensors.zeros(DType.FP32, dev.crema.tensor.Device.CPU, 4);
            closed.close();
            Map<String, Tensor> tensors = Map.of("a", closed);
            assertThatThrownBy(() -> SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors))
                    .isInstanceOf(RuntimeException.class);
        }
        assertThat(names()).containsExactly("model.safetensors");
        assertThat(folder.resolve("model.safetensors")).hasBinaryContent(before);
    }

    @ParameterizedTest
    @CsvSource({
        "../model-00001-of-00003.safetensors",
        "/etc/model.safetensors",
        "sub/model.safetensors",
        "sub\\\\model.safetensors",
        "C:model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin"
    })
    void refusesNamesThatAreNoShardOfTheFolder(String name) throws IOException {
        write(40);
        edit(FIRST, name);
        refuses("which is not the name of a .safetensors file");
    }

    @Test
    void refusesAMissingShard() throws IOException {
        write(40);
        Files.delete(folder.resolve(FIRST));
        refuses("names the shard " + FIRST + ", which is missing");
    }

    @Test
    void refusesAShardThatIsALinkToItself() throws IOException {
        write(40);
        Files.delete(folder.resolve(FIRST));
        Files.createSymbolicLink(folder.resolve(FIRST), Path.of(FIRST));
        refuses("which is missing");
    }

    @Test
    void refusesATensorThatTheShardDoesNotHold() throws IOException {
        write(40);
        edit("\"a\" : \"" + FIRST, "\"a\" : \"model-00002-of-00003.safetensors");
        refuses("puts the tensor a in model-00002-of-00003.safetensors, which does not hold it; " + FIRST + " does");
        write(40);
        edit("\"a\"", "\"z\"");
        refuses("puts the tensor z in " + FIRST + ", which does not hold it");
    }

    @Test
    void refusesATensorInTwoShards() throws IOException {
        write(40);
        Files.copy(folder.resolve(FIRST), folder.resolve("copy.safetensors"));
        edit("\"b\" : \"" + FIRST, "\"b\" : \"copy.safetensors");
        refuses("lies in two shards");
        write(40);
        edit("\"b\" : ", "\"a\" : \"model-00002-of-00003.safetensors\", \"b\" : ");
        refuses("is malformed: Duplicate field 'a'");
    }

    @ParameterizedTest
    @CsvSource({"98", "-1", "'\"96\"'", "1e300"})
    void refusesATotalSizeThatLies(String size) throws IOException {
        write(40);
        edit("\"total_size\" : 96", "\"total_size\" : " + size);
        refuses("claims a total_size of");
    }

    @ParameterizedTest
    @CsvSource({
        "'{}'",
        "'[]'",
        "'{\"weight_map\": [1]}'",
        "'{\"weight_map\": {\"a\": 1}}'",
        "'{\"weight_map\": {'",
        "''"
    })
    void refusesWhatIsNoIndex(String content) throws IOException {
        Files.writeString(folder.resolve(ShardIndex.NAME), content);
        refuses(ShardIndex.NAME);
    }

    @Test
    void refusesAFolderWithoutTensors() throws IOException {
        refuses("has neither model.safetensors nor model.safetensors.index.json");
        Files.writeString(folder.resolve(ShardIndex.NAME), "{\"weight_map\": {}}");
        refuses("holds no tensors");
    }

    private void edit(String old, String replacement) throws IOException {
        Path index = folder.resolve(ShardIndex.NAME);
        String before = Files.readString(index),
                after =
                        before.replaceFirst(
                                java.util.regex.Pattern.quote(old),
                                java.util.regex.Matcher.quoteReplacement(replacement));
        assertThat(after).isNotEqualTo(before);
        Files.writeString(index, after);
    }

    private void refuses(String message) {
        assertThatThrownBy(() -> Shards.open(folder).close())
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message)
                .hasMessageContaining(folder.toString());
    }
}
