package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.EncoderConfig.PoolerActivation;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.Model;
import dev.crema.model.ModelConfig;
import dev.crema.model.Weights;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.model.checkpoint.Safetensors;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the verbs on an encoder with BERT's {@code vocab.txt}, and on an encoder-decoder. */
final class EncoderVerbsTest {
    private static final List<String> PIECES = List.of(
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "##s", "dog", "un", "##known", "ran",
            ".");

    @TempDir
    private Path temporary;

    private Path bert;
    private Path t5;

    @BeforeEach
    void writeModels() throws IOException {
        bert = temporary.resolve("bert");
        write(
                bert,
                Family.BERT,
                new EncoderConfig(
                        PIECES.size(),
                        12,
                        2,
                        16,
                        0,
                        2,
                        3,
                        new FeedForwardSpec.Plain(20, Activation.GELU, true),
                        new NormSpec.LayerNorm(1e-12),
                        new Head.MaskedLanguage(Activation.GELU, true)));
        Files.write(bert.resolve("vocab.txt"), PIECES);
        t5 = temporary.resolve("t5");
        write(
                t5,
                Family.T5,
                new EncoderDecoderConfig(
                        31,
                        12,
                        1,
                        2,
                        3,
                        5,
                        8,
                        20,
                        new FeedForwardSpec.Gated(20, Activation.GELU_TANH, false),
                        new NormSpec.RmsNorm(1e-6),
                        EncoderDecoderConfig.Head.SEPARATE,
                        0));
    }

    private static void write(Path folder, Family family, ModelConfig config) throws IOException {
        try (Model model = Model.of(config, Weights.random(config, DType.FP32, Device.CPU, 0.3, 1))) {
            ModelFolder.save(folder, family, model);
        }
    }

    private static JsonNode run(String... words) throws IOException {
        CommandRun run = CommandRun.of(words);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return new JsonMapper().readTree(run.out());
    }

    private static void refuses(String message, String... words) {
        CommandRun run = CommandRun.of(words);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.errors()).singleElement().asString().contains(message);
    }

    @Test
    void forwardWritesHiddenStatesAndLogitsOfTextsOfAnyLength() throws IOException {
        Path file = temporary.resolve("out.safetensors");
        JsonNode document = run(
                "forward",
                bert.toString(),
                "--text",
                "The cats sat.",
                "--text",
                "A dog",
                "--out",
                file.toString(),
                "--json");
        assertThat(document.path("tensor").asText()).isEqualTo("last_hidden_state");
        assertThat(document.path("shape").toString()).isEqualTo("[2,7,12]");
        assertThat(document.path("tensors").path("logits").toString()).isEqualTo("[2,7,14]");
        Path alone = temporary.resolve("alone.safetensors");
        run("forward", bert.toString(), "--ids", "2,1,9,3", "--out", alone.toString(), "--json");
        float[] both = values(file, "last_hidden_state"), second = values(alone, "last_hidden_state");
        for (int i = 0; i < second.length; i++) assertThat(both[7 * 12 + i]).isCloseTo(second[i], within(1e-5f));
        for (int i = 7 * 12 + second.length; i < both.length; i++) {
            assertThat(Math.abs(both[i])).isEqualTo(0f);
        }
        refuses("1 to 16", "forward", bert.toString(), "--ids", "2" + ",5".repeat(16), "--out", file.toString());
        refuses(
                "leave it out",
                "forward",
                bert.toString(),
                "--ids",
                "2",
                "--decoder-ids",
                "0",
                "--out",
                file.toString());
    }

    private static float[] values(Path file, String name) {
        try (Safetensors tensors = Safetensors.open(file);
                var scope = dev.crema.tensor.Scope.open()) {
            return tensors.entry(name).tensor().toFloats();
        }
    }

    @Test
    void forwardRunsTheDecoderOfAnEncoderDecoder() throws IOException {
        Path file = temporary.resolve("out.safetensors");
        String[] words = {"forward", t5.toString(), "--ids", "3,4,5;6,7,8", "--out", file.toString(), "--json"};
        JsonNode document = run(with(words, "--decoder-ids", "0,9,10,11;0,12,13,14"));
        assertThat(document.path("tensor").asText()).isEqualTo("logits");
        assertThat(document.path("shape").toString()).isEqualTo("[2,4,31]");
        assertThat(document.path("tensors").path("encoder_last_hidden_state").toString())
                .isEqualTo("[2,3,12]");
        assertThat(run(words).path("shape").toString()).isEqualTo("[2,1,31]");
        refuses("give one for each", with(words, "--decoder-ids", "0,9"));
        refuses("outside the vocabulary", with(words, "--decoder-ids", "0,31;0,2"));
    }

    private static String[] with(String[] words, String... more) {
        String[] all = Arrays.copyOf(words, words.length + more.length);
        System.arraycopy(more, 0, all, words.length, more.length);
        return all;
    }

    @Test
    void embedsTextsAsTheFolderSays() throws IOException {
        String[] words = {"embed", bert.toString(), "--text", "the dog ran", "--text", "The cats sat.", "--json"};
        JsonNode mean = run(words);
        assertThat(mean.path("dimensions").asInt()).isEqualTo(12);
        assertThat(mean.path("pooling").asText()).isEqualTo("mean");
        assertThat(length(mean)).isCloseTo(1, within(1e-5));
        assertThat(mean.path("embeddings").findValuesAsText("tokens")).containsExactly("5", "7");

        Files.writeString(bert.resolve("modules.json"), """
                [{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling"}]
                """);
        Files.createDirectories(bert.resolve("1_Pooling"));
        Files.writeString(
                bert.resolve("1_Pooling/config.json"),
                "{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false}");
        Files.writeString(bert.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 4}");
        JsonNode first = run(words);
        assertThat(first.path("pooling").asText()).isEqualTo("cls");
        assertThat(first.path("normalized").asBoolean()).isFalse();
        assertThat(first.path("embeddings").findValuesAsText("truncated")).containsExactly("true", "true");
        Path file = temporary.resolve("out.safetensors");
        run("forward", bert.toString(), "--ids", "2,5,9,3", "--out", file.toString(), "--json");
        float[] states = values(file, "last_hidden_state");
        JsonNode vector = first.path("embeddings").path(0).path("vector");
        for (int i = 0; i < 12; i++) assertThat(vector.get(i).floatValue()).isCloseTo(states[i], within(1e-5f));
        assertThat(length(run(with(words, "--normalize", "true")))).isCloseTo(1, within(1e-5));
        refuses("there is no text", "embed", bert.toString());
    }

    private static double length(JsonNode document) {
        double square = 0;
        for (JsonNode value : document.path("embeddings").path(0).path("vector")) {
            square += value.doubleValue() * value.doubleValue();
        }
        return Math.sqrt(square);
    }

    @Test
    void classifiesTextsAndWords() throws IOException {
        Path texts = classifier("texts", new Head.SequenceClassification(PoolerActivation.TANH, List.of("no", "yes")));
        JsonNode document = run("classify", texts.toString(), "--text", "the dog ran", "--text", "The cats", "--json");
        assertThat(document.path("labels").toString()).isEqualTo("[\"no\",\"yes\"]");
        for (JsonNode row : document.path("texts")) {
            JsonNode probabilities = row.path("probabilities");
            double no = probabilities.path("no").asDouble(),
                    yes = probabilities.path("yes").asDouble();
            assertThat(no + yes).isCloseTo(1, within(1e-5));
            assertThat(row.path("label").asText()).isEqualTo(no > yes ? "no" : "yes");
            assertThat(row.path("probability").asDouble()).isCloseTo(Math.max(no, yes), within(1e-6));
        }
        Path words = classifier("words", new Head.TokenClassification(List.of("O", "B-CAT", "I-CAT")));
        document = run("classify", words.toString(), "--text", "The cats sat.", "--text", "the dog", "--json");
        JsonNode first = document.path("texts").path(0).path("words");
        assertThat(first.findValuesAsText("word")).containsExactly("The", "cats", "sat", ".");
        assertThat(document.path("texts").path(1).path("words").findValuesAsText("word"))
                .containsExactly("the", "dog");
        refuses("there is no text to classify", "classify", words.toString());
        refuses("without a classifier's head", "classify", bert.toString(), "--text", "the cat");
    }

    private Path classifier(String name, Head head) throws IOException {
        Path folder = temporary.resolve(name);
        write(folder, Family.BERT, ((EncoderConfig) ModelFolder.open(bert).description()).with(head));
        Files.write(folder.resolve("vocab.txt"), PIECES);
        return folder;
    }

    @Test
    void namesTheKindOfAModelThatDoesNotFit() {
        refuses("encoder-only and writes no text", "generate", bert.toString(), "--prompt", "the cat");
        Path vocabulary = bert.resolve("vocab.txt");
        refuses(
                "needs a model that is encoder-only",
                "embed",
                copied(vocabulary, t5).toString(),
                "--text",
                "the cat");
    }

    private static Path copied(Path file, Path folder) {
        try {
            Files.copy(file, folder.resolve(file.getFileName()));
            return folder;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void inspectsBothKinds() throws IOException {
        JsonNode found = run("inspect", bert.toString(), "--json");
        assertThat(found.path("type").asText()).isEqualTo("encoder-only");
        assertThat(found.path("head").asText()).isEqualTo("MaskedLanguage");
        assertThat(found.path("bytes").asLong())
                .isEqualTo(4 * found.path("parameters").asLong());
        found = run("inspect", t5.toString(), "--json");
        assertThat(found.path("type").asText()).isEqualTo("encoder-decoder");
        assertThat(found.path("decoder_layers").asInt()).isEqualTo(2);
        assertThat(found.path("bytes").asLong())
                .isEqualTo(4 * found.path("parameters").asLong());
    }
}
