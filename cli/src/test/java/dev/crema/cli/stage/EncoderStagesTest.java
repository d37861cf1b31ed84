package dev.crema.cli.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.withPrecision;
import static org.assertj.core.api.Assertions.within;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.RecipeRunner;
import dev.crema.infer.GeneratedText;
import dev.crema.infer.LanguageModel;
import dev.crema.infer.Sampling;
import dev.crema.infer.TextClassifier;
import dev.crema.infer.TextEmbedder;
import dev.crema.infer.TextGenerator;
import dev.crema.infer.TextOptions;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the stages of encoders and encoder-decoders on a text that repeats itself, of which little has to be learnt. */
final class EncoderStagesTest {
    private static final String PRETRAIN = """
            name: encoders
            stages:
              - tokenizer: {data: {files: {path: %1$s}}, purpose: %2$s, vocabulary: 400}
              - pretrain:
                  data: {files: {path: %1$s}}
                  model: {family: %3$s, layers: 1, hidden_size: 32, heads: 2, context: 48}
                  batch: {rows: 8, columns: 48, validation: 0.2, validation_batches: 2}
                  training: {steps: 60, learning_rate: 5e-3, warmup: 5, evaluate_every: 5, precision: fp32}
            """;

    @TempDir
    private Path temporary;

    private Path text;

    @BeforeEach
    void writeText() throws IOException {
        text = Files.writeString(
                temporary.resolve("text.txt"), "The cat sat on the mat, and the dog ran after the cat. ".repeat(400));
    }

    private Map<String, Object> run(String yaml, String stage) throws IOException {
        Recipe recipe = Recipes.read("test", yaml, List.of());
        Recipes.check(recipe);
        new RecipeRunner(temporary.resolve("run"), event -> {}).run(recipe);
        return Recipes.summary(temporary.resolve("run").resolve(stage));
    }

    private static double figure(Map<String, Object> summary, String name) {
        return (double) Objects.requireNonNull(summary.get(name));
    }

    private Path model(String stage) {
        return temporary.resolve("run").resolve(stage).resolve("model");
    }

    @Test
    void anEncoderLearnsHiddenWordsEmbedsAndClassifies() throws IOException {
        Map<String, Object> summary = run(PRETRAIN.formatted(text, "encoder", "bert"), "pretrain");
        assertThat(figure(summary, "val_loss")).isLessThan(2.5);
        try (TextEmbedder embedder = TextEmbedder.load(model("pretrain"), DType.FP32, Device.CPU)) {
            List<String> texts = List.of("the cat", "the dog ran after the cat", "the cat");
            var embedded = embedder.embed(texts);
            var again = embedder.embed(texts);
            for (int i = 0; i < texts.size(); i++) {
                assertThat(again.get(i).vector())
                        .containsExactly(embedded.get(i).vector());
            }
            // At the edge of a matrix a library may add up in another order.
            assertThat(embedded.get(0).vector())
                    .hasSize(32)
                    .containsExactly(embedded.get(2).vector(), withPrecision(1e-6f));
            assertThat(embedded.get(1).tokens()).isGreaterThan(embedded.get(0).tokens());
        }
        StringBuilder records = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            String animal = i % 2 == 0 ? "cat" : "dog";
            records.append("{\"prompt\": \"the %s ran %d\", \"completion\": \"%s\"}\n".formatted(animal, i, animal));
        }
        Path labelled = Files.writeString(temporary.resolve("labelled.jsonl"), records);
        summary = run("""
                name: encoders
                stages:
                  - classify:
                      from: %s
                      data: {files: {path: %s}}
                      rows: 16
                      columns: 24
                      validation: 0.2
                      training: {steps: 150, learning_rate: 3e-3, precision: fp32}
                """.formatted(model("pretrain"), labelled), "classify");
        assertThat(figure(summary, "val_accuracy")).isEqualTo(1);
        EncoderConfig config =
                (EncoderConfig) ModelFolder.open(model("classify")).description();
        assertThat(config.head())
                .isInstanceOfSatisfying(
                        Head.SequenceClassification.class,
                        head -> assertThat(head.labels()).containsExactly("cat", "dog"));
        try (TextClassifier classifier = TextClassifier.load(model("classify"), DType.FP32, Device.CPU)) {
            var judged = classifier.label(List.of("the dog ran 3", "the cat ran 71 and ran", "the dog"));
            assertThat(judged)
                    .extracting(text -> text.labels().getFirst().name())
                    .startsWith("dog", "cat");
            assertThat(judged)
                    .allSatisfy(text -> assertThat(text.labels().stream()
                                    .mapToDouble(TextClassifier.Label::probability)
                                    .sum())
                            .isCloseTo(1, within(1e-5)));
            // A text's label does not depend on who is beside it.
            assertThat(classifier.label(List.of("the dog")).getFirst().labels().getFirst())
                    .usingRecursiveComparison()
                    .withComparatorForType((a, b) -> Math.abs(a - b) < 1e-5 ? 0 : 1, Float.class)
                    .isEqualTo(judged.get(2).labels().getFirst());
            assertThat(classifier
                            .label(List.of("the cat ".repeat(40)))
                            .getFirst()
                            .cut())
                    .isTrue();
        }
    }

    @Test
    void anEncoderLearnsToTagWords() throws IOException {
        run(PRETRAIN.formatted(text, "encoder", "bert"), "pretrain");
        StringBuilder records = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            String animal = i % 2 == 0 ? "cat" : "dog";
            records.append("{\"tokens\": [\"the\", \"%s\", \"ran\", \"after\", \"the\", \"cat\"],".formatted(animal)
                    + " \"ner_tags\": [0, %d, 0, 0, 1, 2]}\n".formatted(i % 2 == 0 ? 1 : 3));
        }
        Path tagged = Files.writeString(temporary.resolve("tagged.jsonl"), records);
        String recipe = """
                name: encoders
                stages:
                  - classify:
                      from: %s
                      data: {files: {path: %s}}
                      labels: %s
                      rows: 16
                      columns: 24
                      validation: 0.2
                      training: {steps: 150, learning_rate: 3e-3, precision: fp32}
                """;
        Map<String, Object> summary =
                run(recipe.formatted(model("pretrain"), tagged, "[O, B-CAT, I-CAT, B-DOG]"), "classify");
        assertThat(figure(summary, "val_accuracy")).isEqualTo(1);
        assertThat(figure(summary, "val_f1")).isEqualTo(1);
        EncoderConfig config =
                (EncoderConfig) ModelFolder.open(model("classify")).description();
        assertThat(config.head())
                .isInstanceOfSatisfying(
                        Head.TokenClassification.class,
                        head -> assertThat(head.labels()).containsExactly("O", "B-CAT", "I-CAT", "B-DOG"));
        try (TextClassifier classifier = TextClassifier.load(model("classify"), DType.FP32, Device.CPU)) {
            var judged = classifier.tag(List.of("the dog ran after the cat", "the  cat ran after the cat"));
            assertThat(judged.get(0).words())
                    .extracting(TextClassifier.Word::word, word -> word.label().name())
                    .containsExactly(
                            tuple("the", "O"),
                            tuple("dog", "B-DOG"),
                            tuple("ran", "O"),
                            tuple("after", "O"),
                            tuple("the", "B-CAT"),
                            tuple("cat", "I-CAT"));
            assertThat(judged.get(1).words())
                    .extracting(word -> word.label().name())
                    .containsExactly("O", "B-CAT", "O", "O", "B-CAT", "I-CAT");
            assertThat(judged).noneMatch(TextClassifier.Tagged::cut);
            assertThat(classifier.tag(List.of("the cat ".repeat(40))).getFirst().cut())
                    .isTrue();
        }
        assertThatThrownBy(() -> run(recipe.formatted(model("pretrain"), tagged, "[]"), "classify"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("labels are numbers");
    }

    @Test
    void anEncoderDecoderLearnsSpansAndThenPairs() throws IOException {
        String recipe =
                PRETRAIN.formatted(text, "encoder_decoder", "t5").replace("rows: 8", "rows: 8, recompute: true");
        Map<String, Object> summary = run(recipe, "pretrain");
        assertThat(figure(summary, "val_loss")).isLessThan(4.5);
        Path pairs = Files.writeString(
                temporary.resolve("pairs.jsonl"),
                "{\"prompt\": \"the cat sat\", \"completion\": \"on the mat\"}\n".repeat(40));
        summary = run("""
                name: encoders
                stages:
                  - sft:
                      from: %s
                      data: {files: {path: %s}}
                      batch: {rows: 8, columns: 24, validation: 0}
                      training: {steps: 150, learning_rate: 1e-2, precision: fp32}
                """.formatted(model("pretrain"), pairs), "sft");
        assertThat(figure(summary, "loss")).isLessThan(0.5);
        try (LanguageModel language = LanguageModel.load(model("sft"), DType.FP32, Device.CPU);
                TextGenerator generator = new TextGenerator(language)) {
            TextOptions options = new TextOptions(10, new Sampling(0, 0, 1, 0, 1), List.of(), 0);
            assertThat(generator.complete("the cat sat", options, piece -> true).text())
                    .isEqualTo("on the mat");
            assertThat(generator.completeAll(List.of("the cat sat", "the cat sat"), options))
                    .extracting(GeneratedText::text)
                    .containsExactly("on the mat", "on the mat");
        }
    }

    @Test
    void anEncoderDecoderIsJudgedByItsAnswers() throws IOException {
        run(PRETRAIN.formatted(text, "encoder_decoder", "t5"), "pretrain");
        Path pairs = Files.writeString(
                temporary.resolve("pairs.jsonl"),
                "{\"prompt\": \"the cat sat\", \"completion\": \"<think>on</think><answer>7</answer>\"}\n".repeat(40));
        Path problems = Files.writeString(temporary.resolve("problems.jsonl"), """
                {"question": "the cat sat", "answer": "#### 7"}
                {"question": "the cat sat", "answer": "#### 8"}
                """);
        run("""
                name: encoders
                stages:
                  - sft:
                      from: %s
                      data: {files: {path: %s}}
                      batch: {rows: 8, columns: 40, validation: 0}
                      training: {steps: 200, learning_rate: 1e-2, precision: fp32}
                  - eval: {of: [sft], problems: {files: {path: %s}}, max_tokens: 40, precision: fp32}
                """.formatted(model("pretrain"), pairs, problems), "eval");
        EvalStage.Result result = Objects.requireNonNull(
                Recipes.results(temporary.resolve("run").resolve("eval")).get("sft"));
        assertThat(result.problems()).isEqualTo(2);
        assertThat(result.accuracyGreedy()).isEqualTo(0.5);
    }

    @Test
    void refusesATokenizerWithoutAMask() {
        assertThatThrownBy(() -> run(PRETRAIN.formatted(text, "decoder", "bert"), "pretrain"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no mask token");
        assertThatThrownBy(() -> run(PRETRAIN.formatted(text, "encoder", "t5"), "pretrain"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no token <extra_id_0>");
    }
}
