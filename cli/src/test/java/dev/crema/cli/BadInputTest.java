package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bad input to a verb that trains ends in one line that names what is wrong, and leaves nothing half-written. */
final class BadInputTest {
    @TempDir
    private Path temporary;

    private Path model;
    private Path chats;
    private Path problems;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.write(temporary.resolve("model"), 600, 128);
        chats = temporary.resolve("chats.jsonl");
        Files.writeString(chats, "{\"prompt\": \"Hi\", \"completion\": \"Hello to you.\"}\n".repeat(20));
        problems = temporary.resolve("problems.jsonl");
        Files.writeString(problems, "{\"question\": \"1 and 1?\", \"answer\": \"<<1+1=2>> #### 2\"}\n".repeat(8));
        out = temporary.resolve("out");
    }

    @Test
    void namesTheNearestKeyOfARecipe() throws IOException {
        Path recipe = recipe("""
                stages:
                  - sft: {from: '%s', data: {files: {path: '%s'}}, training: {leraning_rate: 1}}
                """);
        refuses("did you mean 'learning_rate'?", "run", recipe.toString(), "--out", out.toString());
        assertThat(out).doesNotExist();
    }

    @Test
    void namesTheNearestKeyOfAnOverride() {
        refuses("did you mean 'steps'?", sft("--set", "training.stesp=3"));
        assertThat(out).doesNotExist();
    }

    @Test
    void namesFileAndLineOfAMalformedRecord() throws IOException {
        Files.writeString(chats, "{\"prompt\": \"Hi\", \"completion\": \"Hello\"}\n{\"prompt\": \"Hi\", \n");
        refuses("chats.jsonl:2", sft("--set", "batch.columns=64"));
        assertThat(files(out)).noneMatch(BadInputTest::isOutput);
    }

    @Test
    void namesAMissingDataFile() {
        refuses(
                "chatz.jsonl: no such file; did you mean " + chats + "?",
                "sft",
                model.toString(),
                temporary.resolve("chatz.jsonl").toString(),
                "--out",
                out.toString());
        assertThat(out).doesNotExist();
    }

    @Test
    void namesAMissingModel() {
        refuses(
                "did you mean",
                "sft",
                temporary.resolve("modle").toString(),
                chats.toString(),
                "--out",
                out.toString());
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesAnEmptyCorpus() throws IOException {
        Path empty = Files.writeString(temporary.resolve("empty.txt"), "");
        refuses("empty.txt", "pretrain", empty.toString(), "--tokenizer", model.toString(), "--out", out.toString());
        assertThat(files(out)).noneMatch(BadInputTest::isOutput);
        refuses("text", "pretrain", empty.toString(), "--out", out.toString());
        assertThat(files(out)).noneMatch(BadInputTest::isOutput);
    }

    @Test
    void refusesACorpusShorterThanARow() throws IOException {
        Path text = Files.writeString(temporary.resolve("short.txt"), "Too short a text.");
        refuses(
                "fewer than one row of 256",
                "pretrain",
                text.toString(),
                "--tokenizer",
                model.toString(),
                "--out",
                out.toString(),
                "--set",
                "batch.validation=0");
    }

    @Test
    void refusesATokenizerThatTheModelDoesNotFit() throws IOException {
        model = TinyModel.write(temporary.resolve("small"), 320, 128);
        refuses("the tokenizer has 600 tokens, the model only 320", sft("--set", "batch.columns=64"));
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesRowsLongerThanTheContext() {
        refuses("batch.columns is 200, more than the model's context of 128", sft("--set", "batch.columns=200"));
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesCompletionsThatTheContextHasNoRoomFor() {
        refuses(
                "max_tokens is 128, which leaves no room for a prompt in the model's context of 128",
                grpo("--set", "max_tokens=128"));
        refuses("max_tokens is 256", "eval", model.toString(), problems.toString());
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesAStageThatReadsFromNone() throws IOException {
        Path recipe = recipe("""
                stages:
                  - sft: {from: base, data: {files: {path: '%2$s'}}}
                """);
        refuses("reads from 'base', which is no stage before it", "run", recipe.toString(), "--out", out.toString());
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesAStageThatReadsAModelFromATokenizer() throws IOException {
        Path recipe = recipe("""
                stages:
                  - tokenizer: {data: {files: {path: '%2$s'}}}
                  - sft: {from: tokenizer, data: {files: {path: '%2$s'}}}
                """);
        refuses(
                "the model is to come from 'tokenizer', a stage that makes none",
                "run",
                recipe.toString(),
                "--out",
                out.toString());
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesARunThatTheMemoryDoesNotHold() {
        refuses(
                "lower batch.rows or batch.columns, set batch.recompute=true",
                "pretrain",
                chats.toString(),
                "--out",
                out.toString(),
                "--set",
                "batch.rows=100k",
                "--set",
                "model.layers=100",
                "--set",
                "model.hidden_size=1024");
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesProblemsThatAreNone() throws IOException {
        Files.writeString(problems, "");
        refuses("problems.jsonl holds no problems", grpo("--set", "max_tokens=16"));
        assertThat(files(out)).noneMatch(BadInputTest::isOutput);
    }

    @Test
    void asksForTheFolderOfARun() {
        CommandRun run = CommandRun.of("sft", model.toString(), chats.toString());
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("crema: Missing required option: '--out=FOLDER'\n");
    }

    private void refuses(String message, String... words) {
        CommandRun run = CommandRun.of(words);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.errors()).hasSize(1);
        assertThat(run.errors().getFirst()).startsWith("crema: ").contains(message);
    }

    private String[] sft(String... more) {
        return with(more, "sft", model.toString(), chats.toString(), "--out", out.toString());
    }

    private String[] grpo(String... more) {
        return with(more, "grpo", model.toString(), problems.toString(), "--out", out.toString());
    }

    private static String[] with(String[] more, String... words) {
        return Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new);
    }

    private Path recipe(String stages) throws IOException {
        return Files.writeString(temporary.resolve("recipe.yaml"), stages.formatted(model, chats));
    }

    /** Tells whether a file is more than the resolved recipe and the lock of the run. */
    private static boolean isOutput(Path file) {
        return !List.of("recipe.yaml", "run.lock").contains(file.getFileName().toString());
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
