package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the verbs that train and measure, each for a few steps. */
final class StageVerbsTest {
    private static final String TEXT = "It was the best of times, it was the worst of times. ".repeat(400);

    @TempDir
    private Path temporary;

    @Test
    void pretrainsFromTextAndGoesOnFromThere() throws IOException {
        Path text = Files.writeString(temporary.resolve("text.txt"), TEXT);
        String[] words = {
            "pretrain",
            text.toString(),
            "--out",
            temporary.resolve("out").toString(),
            "--json",
            "--set",
            "tokenizer.vocabulary=300",
            "--set",
            "model.layers=1",
            "--set",
            "model.hidden_size=32",
            "--set",
            "batch.columns=32",
            "--set",
            "batch.rows=4",
            "--set",
            "training.steps=3"
        };
        JsonNode first = document(words);
        assertThat(first.path("steps").asInt()).isEqualTo(3);
        assertThat(first.path("tokens").asInt()).isEqualTo(3 * 4 * 32);
        assertThat(first.path("tokens_per_s").asDouble()).isPositive();
        assertThat(first.path("loss").asDouble()).isBetween(4.0, 7.0);
        assertThat(first.path("val_loss").asDouble()).isBetween(4.0, 7.0);
        assertThat(first.path("reused").asBoolean()).isFalse();
        assertThat(Path.of(first.path("model").asText())).isDirectoryContaining("glob:**/model.safetensors");
        JsonNode second = document(words);
        assertThat(second.path("reused").asBoolean()).isTrue();
        assertThat(second.path("seconds").asDouble())
                .isEqualTo(first.path("seconds").asDouble());
    }

    @Test
    void finetunes() throws IOException {
        Path model = TinyModel.write(temporary.resolve("model"), 600, 128);
        Path chats = Files.writeString(
                temporary.resolve("chats.jsonl"),
                "{\"prompt\": \"Hi\", \"completion\": \"Hello to you.\"}\n".repeat(20));
        JsonNode sft = document(
                "sft",
                model.toString(),
                chats.toString(),
                "--out",
                temporary.resolve("out").toString(),
                "--json",
                "--set",
                "batch.columns=64",
                "--set",
                "batch.validation=0.2",
                "--set",
                "training.steps=2",
                "--set",
                "seed=3");
        assertThat(sft.path("steps").asInt()).isEqualTo(2);
        assertThat(sft.path("loss").asDouble()).isPositive();
        assertThat(sft.path("model").asText()).endsWith("out/sft/model");
    }

    @Test
    void learnsFromRewardsAndIsMeasured() throws IOException {
        Path model = TinyModel.write(temporary.resolve("model"), 600, 128);
        JsonNode grpo = document(
                "grpo",
                model.toString(),
                "arithmetic",
                "--out",
                temporary.resolve("out").toString(),
                "--json",
                "--set",
                "prompts=2",
                "--set",
                "samples=2",
                "--set",
                "max_tokens=8",
                "--set",
                "training.steps=2");
        assertThat(grpo.path("steps").asInt()).isEqualTo(2);
        assertThat(grpo.path("reward").asDouble()).isZero();
        JsonNode eval = document(
                "eval",
                grpo.path("model").asText(),
                "arithmetic",
                "--json",
                "--set",
                "problems.arithmetic.count=6",
                "--set",
                "max_tokens=8");
        assertThat(eval.fieldNames())
                .toIterable()
                .containsExactly(
                        "model", "problems", "accuracy", "accuracy_greedy", "format_rate", "mean_think_tokens");
        assertThat(eval.path("problems").asInt()).isEqualTo(6);
    }

    @Test
    void measuresOnRecordsAndShowsATable() throws IOException {
        Path model = TinyModel.write(temporary.resolve("model"), 600, 128);
        Path problems = Files.writeString(
                temporary.resolve("problems.jsonl"),
                "{\"question\": \"1 and 1?\", \"answer\": \"<<1+1=2>> #### 2\"}\n".repeat(3));
        CommandRun run = CommandRun.of("eval", model.toString(), problems.toString(), "--set", "max_tokens=8");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).containsPattern("problems +accuracy +greedy +format +think tokens\\n[- ]+\\n +3 +0.000");
        assertThat(run.err()).contains("6/6 answers");
    }

    private static JsonNode document(String... words) throws IOException {
        CommandRun run = CommandRun.of(words);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return new JsonMapper().readTree(run.out());
    }
}
