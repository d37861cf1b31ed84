package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.model.checkpoint.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Carries a model to GGUF and back on the command line; it says the same wherever it lies. */
final class GgufVerbsTest {
    @TempDir
    private Path temporary;

    private String model = "";
    private String file = "";

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(temporary.resolve("tiny"), 600, 128).toString();
        file = temporary.resolve("tiny.gguf").toString();
    }

    @Test
    void saysTheSameInEitherForm() throws IOException {
        assertThat(json("export", model, "--out", file, "--type", "f32")
                        .path("type")
                        .asText())
                .isEqualTo("f32");
        String back = temporary.resolve("back").toString();
        assertThat(json("import", file, "--out", back).path("dtype").asText()).isEqualTo("fp32");

        JsonNode ids = generated(model).path("ids");
        assertThat(ids).isNotEmpty();
        assertThat(generated(file).path("ids")).isEqualTo(ids);
        assertThat(generated(back).path("ids")).isEqualTo(ids);
        assertThat(logits(file)).isEqualTo(logits(model));
        assertThat(Files.readString(temporary.resolve("back/chat_template.jinja")))
                .isEqualTo(Files.readString(temporary.resolve("tiny/chat_template.jinja")));
    }

    @Test
    void tellsWhatAFileHolds() throws IOException {
        json("export", model, "--out", file, "--type", "q8_0");
        JsonNode facts = json("inspect", file, "--weights");
        assertThat(facts.path("kind").asText()).isEqualTo("gguf");
        assertThat(facts.path("family").asText()).isEqualTo("llama");
        assertThat(facts.path("pre_tokenizer").asText()).isEqualTo("smollm");
        assertThat(facts.path("layers").asInt()).isEqualTo(1);
        assertThat(facts.path("tokens").asInt()).isEqualTo(600);
        assertThat(facts.path("chat_template").asBoolean()).isTrue();
        // Rows of 16 are no whole block: such matrices stay F16.
        assertThat(facts.path("weights").findValuesAsText("dtype")).contains("f32", "f16");
    }

    @Test
    void refusesWhatItCannotCarry() throws IOException {
        assertThat(error("export", model, "--out", file, "--type", "q5_k")).contains("q8_0");
        assertThat(error("import", model + "/config.json", "--out", file)).contains("is not a GGUF file");
        assertThat(error("chat", model + "/config.json")).contains("is no model");
        Files.writeString(
                Path.of(model, "tokenizer.json"), "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"a\", 0]]}}");
        assertThat(error("export", model, "--out", file)).contains("Unigram").contains("BPE");
        assertThat(Path.of(file)).doesNotExist();
    }

    private static JsonNode generated(String model) throws IOException {
        return json("generate", model, "--chat", "--prompt", "Hi 42", "--max-tokens", "12", "--dtype", "fp32");
    }

    private float[] logits(String model) {
        Path out = temporary.resolve("logits.safetensors");
        CommandRun run = CommandRun.of("forward", model, "--ids", "5,9,300", "--out", out.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        try (Safetensors file = Safetensors.open(out);
                var scope = dev.crema.tensor.Scope.open()) {
            return file.entry("logits").tensor().toFloats();
        }
    }

    private static JsonNode json(String... words) throws IOException {
        String[] all = java.util.Arrays.copyOf(words, words.length + 1);
        all[words.length] = "--json";
        CommandRun run = CommandRun.of(all);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return JsonMapper.builder().build().readTree(run.out());
    }

    private static String error(String... words) {
        CommandRun run = CommandRun.of(words);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.errors()).hasSize(1);
        return run.errors().getFirst();
    }
}
