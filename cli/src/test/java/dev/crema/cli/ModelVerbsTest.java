package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.model.checkpoint.Safetensors;
import dev.crema.tensor.DType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the verbs that use a model, on one with random weights and a small real tokenizer. */
final class ModelVerbsTest {
    private static final int VOCABULARY = 600;

    @TempDir
    private Path temporary;

    private Path model;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(temporary.resolve("tiny-model"), VOCABULARY, 128);
    }

    @Test
    void generatesADocumentOfExactlyTheseKeys() throws IOException {
        assertThat(run(
                        "generate",
                        model(),
                        "--prompt",
                        "The capital",
                        "--max-tokens",
                        "7",
                        "--dtype",
                        "fp32",
                        "--json"))
                .isZero();
        JsonNode document = new JsonMapper().readTree(out());
        assertThat(document.fieldNames())
                .toIterable()
                .containsExactly(
                        "text",
                        "ids",
                        "finish_reason",
                        "prompt_tokens",
                        "completion_tokens",
                        "prefill_tokens_per_s",
                        "decode_tokens_per_s");
        assertThat(document.path("ids").size())
                .isEqualTo(document.path("completion_tokens").asInt())
                .isBetween(1, 7);
        assertThat(document.path("finish_reason").asText()).isIn("stop", "length");
    }

    @Test
    void streamsTheTextThatTheDocumentHolds() throws IOException {
        String[] words = {"generate", model(), "--chat", "--prompt", "Hi", "--temperature", "1", "--max-tokens", "20"};
        assertThat(run(words)).isZero();
        String streamed = out();
        assertThat(run(with(words, "--json"))).isZero();
        assertThat(new JsonMapper().readTree(out()).path("text").asText() + "\n")
                .isEqualTo(streamed);
        assertThat(run(with(words, "--seed", "5"))).isZero();
        assertThat(out()).isNotEqualTo(streamed);
    }

    @Test
    void neverShowsAStopString() throws IOException {
        String[] words = {"generate", model(), "--prompt", "Hi", "--temperature", "1", "--max-tokens", "40", "--json"};
        assertThat(run(words)).isZero();
        String text = new JsonMapper().readTree(out()).path("text").asText();
        String stop = text.substring(10, 14);
        assertThat(run(with(words, "--stop", stop))).isZero();
        JsonNode stopped = new JsonMapper().readTree(out());
        assertThat(stopped.path("text").asText()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(stopped.path("finish_reason").asText()).isEqualTo("stop");
    }

    @Test
    void readsThePromptFromStandardInput() {
        assertThat(run("generate", model(), "--prompt", "The sum", "--max-tokens", "5"))
                .isZero();
        String told = out();
        assertThat(feed("The sum\n", "generate", model(), "--prompt", "-", "--max-tokens", "5"))
                .isZero();
        assertThat(out()).isEqualTo(told);
    }

    @Test
    void answersSeveralPromptsTogether() throws IOException {
        Path prompts = Files.writeString(temporary.resolve("prompts.txt"), "Hi\nThe sum\n");
        String[] words = {"generate", model(), "--max-tokens", "5", "--dtype", "fp32", "--json"};
        assertThat(run(with(words, "--prompt", "Who", "--prompts", prompts.toString())))
                .isZero();
        JsonNode generations = new JsonMapper().readTree(out()).path("generations");
        assertThat(generations).hasSize(3);
        List<String> each = List.of("Who", "Hi", "The sum");
        for (int i = 0; i < each.size(); i++) {
            assertThat(run(with(words, "--prompt", each.get(i)))).isZero();
            JsonNode alone = new JsonMapper().readTree(out());
            assertThat(generations.get(i).path("ids")).isEqualTo(alone.path("ids"));
            assertThat(generations.get(i).path("text")).isEqualTo(alone.path("text"));
        }
        refuses(2, "--prompt", "generate", model());
    }

    @Test
    void refusesBadInputInOneLine() throws IOException {
        refuses(1, "did you mean " + model() + "?", "generate", temporary + "/tiny-modle", "--prompt", "x");
        refuses(1, "prompt is empty", "generate", model(), "--prompt", "");
        refuses(1, "leaves no room", "generate", model(), "--prompt", "long ".repeat(200));
        refuses(1, "top-p of 2.0", "generate", model(), "--prompt", "x", "--temperature", "1", "--top-p", "2");
        refuses(1, "max tokens of 0", "generate", model(), "--prompt", "x", "--max-tokens", "0");
        refuses(2, "--dtype", "generate", model(), "--prompt", "x", "--dtype", "fp8");
        refuses(2, "--system needs --chat", "generate", model(), "--prompt", "x", "--system", "y");
        refuses(2, "give --temperature", "generate", model(), "--prompt", "x", "--top-k", "3");
        Files.delete(model.resolve("chat_template.jinja"));
        refuses(1, "no chat template", "chat", model());
        Path weights = model.resolve("model.safetensors");
        Files.write(weights, java.util.Arrays.copyOf(Files.readAllBytes(weights), 5000));
        refuses(1, "truncated", "generate", model(), "--prompt", "x");
        refuses(1, "truncated", "inspect", weights.toString());
        Files.writeString(model.resolve("config.json"), "{\"model_type\": ");
        refuses(1, "config.json is malformed", "inspect", model());
    }

    @Test
    void chatsOverPipedInput() throws IOException {
        String lines = "Hello\n\n/wat\nAnd again\n/system Be brief.\nHello\n/reset\nHello\n/exit\nnever read\n";
        assertThat(feed(lines, "chat", model(), "--max-tokens", "8", "--json")).isZero();
        JsonNode turns = new JsonMapper().readTree(out()).path("turns");
        assertThat(turns.findValuesAsText("user")).containsExactly("Hello", "And again", "Hello", "Hello");
        List<Integer> prompts =
                turns.findValues("prompt_tokens").stream().map(JsonNode::asInt).toList();
        assertThat(prompts.get(1)).isGreaterThan(prompts.get(0));
        assertThat(prompts.get(2)).isGreaterThan(prompts.get(0)).isEqualTo(prompts.get(3));
        assertThat(err()).contains("unknown command '/wat'");
    }

    @Test
    void aChatGoesOnAfterItsContextWasFull() throws IOException {
        String lines = "word ".repeat(200) + "\nHello\n";
        assertThat(feed(lines, "chat", model(), "--max-tokens", "4", "--json")).isZero();
        assertThat(new JsonMapper().readTree(out()).path("turns")).hasSize(1);
        assertThat(err()).contains("leaves no room").contains("/reset");
    }

    @Test
    void writesLogitsOfRows() {
        Path file = temporary.resolve("logits.safetensors");
        assertThat(run("forward", model(), "--ids", "1,2,3;4,5,6", "--ids", "1,2,9", "--out", file.toString()))
                .isZero();
        try (Safetensors written = Safetensors.open(file)) {
            assertThat(written.entry("logits").shape()).containsExactly(3, 3, VOCABULARY);
            assertThat(written.entry("logits").dtype()).isEqualTo(DType.FP32);
        }
    }

    @Test
    void writesNothingForIdsThatCannotBeRun() {
        String file = temporary.resolve("logits.safetensors").toString();
        refuses(1, "token id 600 is outside the vocabulary; ids go from 0 to 599", forward(file, "--ids", "1,600"));
        refuses(1, "token id -1", forward(file, "--ids", "1,-1"));
        refuses(1, "'x' is not a token id", forward(file, "--ids", "1,x"));
        refuses(1, "'' is not a token id", forward(file, "--ids", ""));
        refuses(1, "rows of one length", forward(file, "--ids", "1,2;3"));
        refuses(1, "a row of 0 tokens", forward(file, "--text", ""));
        refuses(1, "there is no folder", forward(temporary + "/none/logits.safetensors", "--ids", "1"));
        refuses(2, "mutually exclusive", forward(file, "--ids", "1", "--text", "a"));
        assertThat(temporary.toFile().list()).containsExactly("tiny-model");
    }

    @Test
    void inspectsModelsTokenizersAndTensors() throws IOException {
        assertThat(run("inspect", model(), "--weights", "--json")).isZero();
        JsonNode found = new JsonMapper().readTree(out());
        assertThat(found.path("family").asText()).isEqualTo("llama");
        assertThat(found.path("bytes").asLong())
                .isEqualTo(4 * found.path("parameters").asLong());
        assertThat(found.path("weights").findValuesAsText("name")).contains("model.embed_tokens.weight");
        assertThat(found.path("chat_template").asBoolean()).isTrue();
        assertThat(run("inspect", model())).isZero();
        assertThat(out()).contains("family          llama\n").contains("chat template   yes\n");
        assertThat(run("inspect", model + "/tokenizer.json")).isZero();
        assertThat(out()).contains("tokens          600\n");
        assertThat(run("inspect", model + "/model.safetensors")).isZero();
        assertThat(out()).contains("kind            safetensors\n");
        refuses(1, "none of what inspect knows", "inspect", temporary.toString());
    }

    private String model() {
        return model.toString();
    }

    private String[] forward(String file, String... input) {
        return with(new String[] {"forward", model(), "--out", file}, input);
    }

    private static String[] with(String[] words, String... more) {
        String[] all = java.util.Arrays.copyOf(words, words.length + more.length);
        System.arraycopy(more, 0, all, words.length, more.length);
        return all;
    }

    private void refuses(int exitCode, String message, String... words) {
        assertThat(run(words)).as(String.join(" ", words)).isEqualTo(exitCode);
        assertThat(out()).isEmpty();
        assertThat(err()).startsWith("crema: ").contains(message).doesNotContain("internal error");
        assertThat(err().lines()).hasSize(exitCode); // a usage error points to --help in a second line
    }

    private int run(String... words) {
        return feed("", words);
    }

    private int feed(String lines, String... words) {
        out.reset();
        err.reset();
        ByteArrayInputStream in = new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8));
        List<Verb> verbs = List.of(new Chat(in), new Generate(in), new Forward(), new Inspect());
        return CremaCommand.commandLine(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        verbs)
                .execute(words);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }
}
