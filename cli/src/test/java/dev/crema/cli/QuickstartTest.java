package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the quickstart from its first stage to its last, each for a step or two. */
final class QuickstartTest {
    private static final List<String> SHORT = List.of(
            "tokenizer.data.arithmetic.examples=500",
            "base.data.arithmetic.examples=1000",
            "base.model.layers=1",
            "base.model.hidden_size=32",
            "base.model.feed_forward=64",
            "base.batch.rows=4",
            "base.training.steps=2",
            "cold-start.training.steps=1",
            "r1.prompts=2",
            "r1.samples=2",
            "r1.max_tokens=8",
            "r1.training.steps=1",
            "r1-zero.prompts=2",
            "r1-zero.samples=2",
            "r1-zero.max_tokens=8",
            "r1-zero.training.steps=1",
            "judged.problems.arithmetic.count=8",
            "judged.max_tokens=8");

    @TempDir
    private Path out;

    @BeforeAll
    static void tellWhereTheRecipesAre() {
        System.setProperty("crema.home", Repository.root().toString());
    }

    @Test
    void endsInADocumentOfEachModel() throws IOException {
        CommandRun run = run("--json", "--seed", "5");
        JsonNode document = new JsonMapper().readTree(run.out());
        assertThat(document.path("seed").asInt()).isEqualTo(5);
        assertThat(document.path("seconds").asDouble()).isPositive();
        assertThat(document.path("stages"))
                .extracting(stage -> stage.path("name").asText())
                .containsExactly("base", "cold-start", "r1", "r1-zero");
        for (JsonNode stage : document.path("stages")) {
            for (String key : List.of(
                    "seconds", "tokens_per_s", "accuracy", "accuracy_greedy", "format_rate", "mean_think_tokens")) {
                assertThat(stage.path(key).isNumber()).as(key).isTrue();
            }
            assertThat(stage.path("seconds").asDouble())
                    .isGreaterThanOrEqualTo(stage.path("training_seconds").asDouble());
        }
        assertThat(document.path("charts"))
                .allSatisfy(chart -> assertThat(Path.of(chart.asText())).exists());
    }

    @Test
    void showsStagesAndATable() throws IOException {
        CommandRun run = run();
        assertThat(run.err())
                .contains("[1/6] tokenizer: it is new", "[6/6] judged (eval): it is new", "160/160 answers")
                .contains("      base: done in ");
        assertThat(run.out())
                .containsPattern("stage +steps +seconds +tokens/s +accuracy +greedy +format +think tokens")
                .contains(
                        "Curves: ",
                        "Talk to it: ./crema chat " + out.resolve("r1").resolve("model"));
        assertThat(Files.readString(out.resolve("recipe.yaml")).toLowerCase(Locale.ROOT))
                .contains("learning_rate:");
    }

    private CommandRun run(String... more) {
        List<String> words = new ArrayList<>(List.of("quickstart", "--out", out.toString()));
        words.addAll(List.of(more));
        SHORT.forEach(set -> words.addAll(List.of("--set", set)));
        CommandRun run = CommandRun.of(words.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run;
    }
}
