package dev.crema.cli.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeRunnerTest {
    private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));

    @TempDir
    Path temp;

    private Path data;
    private Path root;

    @BeforeEach
    void writeData() throws IOException {
        root = temp.resolve("run");
        data = Files.writeString(temp.resolve("words.txt"), "one two three");
        Files.setLastModifiedTime(data, LONG_AGO);
    }

    @Test
    void runsStagesInOrderAndKeepsTheResolvedRecipe() throws IOException {
        assertThat(run()).containsExactly("run count: it is new", "run base: it is new", "run join: it is new");
        assertThat(root.resolve("count/count.txt")).hasContent("3");
        assertThat(root.resolve("base/text.txt")).hasContent("x1x1x1x1x1x1x1x1x1");
        assertThat(root.resolve("base/stage.started")).doesNotExist();
        assertThat(Kinds.READER.read(root.resolve("recipe.yaml"), List.of())).isEqualTo(recipe());
    }

    @Test
    void reusesWhatHasNotChanged() throws IOException {
        run();
        assertThat(run()).containsExactly("reuse count", "reuse base", "reuse join");
        // Another time of change alone makes it look, but the content is the same.
        Files.setLastModifiedTime(data, FileTime.from(Instant.parse("2021-01-01T00:00:00Z")));
        assertThat(run()).containsExactly("reuse count", "reuse base", "reuse join");
    }

    @Test
    void runsAgainWhatReadsAChangedFile() throws IOException {
        run();
        Files.writeString(data, "one two three four");
        String changed = ": its settings or inputs changed";
        assertThat(run()).containsExactly("run count" + changed, "run base" + changed, "run join" + changed);
        assertThat(root.resolve("count/count.txt")).hasContent("4");
        assertThat(root.resolve("count.previous/count.txt")).hasContent("3");
    }

    @Test
    void noticesAChangeThatLeavesSizeAndTime() throws IOException {
        // The record was made in the same moment as the change, so size and time prove nothing.
        FileTime now = FileTime.from(Instant.now());
        Files.setLastModifiedTime(data, now);
        run();
        Files.writeString(data, "onetwo threee");
        Files.setLastModifiedTime(data, now);
        assertThat(run()).contains("run count: its settings or inputs changed");
        assertThat(root.resolve("count/count.txt")).hasContent("2");
    }

    @Test
    void doesNotHashAFileThatLooksTheSame() throws IOException {
        run();
        Files.writeString(data, "onetwo threee");
        Files.setLastModifiedTime(data, LONG_AGO);
        assertThat(run()).contains("reuse count");
    }

    @Test
    void runsOnlyWhatASettingChanges() throws IOException {
        run();
        assertThat(run("base.times=1"))
                .containsExactly(
                        "reuse count",
                        "run base: its settings or inputs changed",
                        "run join: its settings or inputs changed");
        assertThat(root.resolve("base/text.txt")).hasContent("x1x1x1");
        assertThat(run("base.times=1", "seed=2")).allMatch(line -> line.startsWith("run"));
    }

    @Test
    void looksAtEveryFileOfAFolder() throws IOException {
        Path folder = Files.createDirectory(temp.resolve("corpus"));
        Files.writeString(folder.resolve("a.txt"), "one two ");
        String set = "count.data=" + folder;
        run(set);
        Files.writeString(folder.resolve("b.txt"), "three four");
        assertThat(run(set)).contains("run count: its settings or inputs changed");
        assertThat(root.resolve("count/count.txt")).hasContent("4");
    }

    @Test
    void goesOnWhereItWasInterrupted() throws IOException {
        Files.delete(data);
        Files.createDirectory(data);
        Files.createDirectory(data.resolve("not-a-file")); // the stage fails half way
        assertThatThrownBy(this::run).isInstanceOf(IOException.class);
        Path kept = Files.writeString(root.resolve("count/kept.txt"), "work of before");
        Files.delete(data.resolve("not-a-file"));
        assertThat(run()).contains("run count: it was interrupted and goes on");
        assertThat(kept).exists();
        assertThat(run()).contains("reuse count");
    }

    @Test
    void doesNotGoOnWithOtherSettings() throws IOException {
        run();
        Files.move(root.resolve("base/stage.json"), temp.resolve("stage.json"));
        Files.writeString(root.resolve("base/stage.started"), "of other settings");
        assertThat(run()).contains("run base: its settings or inputs changed");
        assertThat(root.resolve("base.previous/stage.started")).exists();
    }

    @Test
    void makesAnewWhatWasDeletedOrCutShort() throws IOException {
        run();
        Files.delete(root.resolve("base/text.txt"));
        assertThat(run()).containsExactly("reuse count", "run base: files of its output are missing", "reuse join");
        Files.writeString(root.resolve("base/text.txt"), "x");
        assertThat(run()).contains("run base: files of its output are missing");
        assertThat(root.resolve("base/text.txt")).hasContent("x1x1x1x1x1x1x1x1x1");
    }

    @Test
    void leavesAloneAFolderThatIsNotItsOwn() throws IOException {
        Path mine = Files.createDirectories(root.resolve("count"));
        Files.writeString(mine.resolve("thesis.txt"), "mine");
        assertThatThrownBy(this::run)
                .isInstanceOf(InputException.class)
                .hasMessage("folder " + mine + " holds files that no stage wrote; name another folder");
        assertThat(mine.resolve("thesis.txt")).hasContent("mine");
    }

    @Test
    void namesAnInputThatDoesNotExist() throws IOException {
        Files.delete(data);
        assertThatThrownBy(this::run)
                .isInstanceOf(InputException.class)
                .hasMessage("stages.count reads " + data + ", which does not exist");
    }

    @Test
    void namesARecordThatCannotBeRead() throws IOException {
        run();
        Files.writeString(root.resolve("count/stage.json"), "{");
        assertThatThrownBy(this::run)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("stage.json cannot be read: delete " + root.resolve("count"));
    }

    @Test
    void runsOnceAtATime() throws IOException {
        try (RunFolder _ = RunFolder.open(root)) {
            assertThatThrownBy(this::run).hasMessageContaining("is in use by process");
        }
    }

    private Recipe recipe(String... overrides) {
        return Kinds.READER.read("recipe.yaml", """
                stages:
                  - count: { data: '%s' }
                  - repeat: { name: base, from: count }
                  - join: { of: [count, base] }
                """.formatted(data), List.of(overrides));
    }

    private List<String> run(String... overrides) throws IOException {
        var told = new ArrayList<String>();
        List<StageEvent> ends = new RecipeRunner(root, event -> {
                    switch (event) {
                        case StageEvent.Reused reused -> told.add("reuse " + reused.stage());
                        case StageEvent.Started started -> told.add("run " + started.stage() + ": " + started.reason());
                        case StageEvent.Progress _, StageEvent.Stopped _, StageEvent.Finished _ -> {}
                    }
                })
                .run(recipe(overrides));
        assertThat(ends).extracting(StageEvent::stage).containsExactly("count", "base", "join");
        return told;
    }
}
