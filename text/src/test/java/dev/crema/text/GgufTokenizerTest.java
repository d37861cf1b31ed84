package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the ids that llama.cpp keeps beside its vocabularies. */
@Tag("shared")
class GgufTokenizerTest {
    private static final String SEPARATOR = "\n__ggml_vocab_test__\n";

    @ParameterizedTest
    @ValueSource(strings = {"bert-bge", "deepseek-llm", "gpt-2", "llama-spm", "qwen2"})
    void givesTheIdsOfLlamaCpp(String name) throws IOException {
        Path file = SharedData.path("tokenizers/ggml-vocab-" + name + ".gguf");
        List<String> texts = List.of(Files.readString(Path.of(file + ".inp")).split(SEPARATOR, -1));
        List<String> expected = Files.readAllLines(Path.of(file + ".out"));

        try (Tokenizer tokenizer = Tokenizer.load(file)) {
            assertThat(texts).hasSizeGreaterThanOrEqualTo(expected.size());
            for (int i = 0; i < expected.size(); i++) {
                assertThat(Arrays.stream(tokenizer.encode(texts.get(i)))
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining(" ")))
                        .as(texts.get(i))
                        .isEqualTo(expected.get(i).strip());
            }
        }
    }
}
