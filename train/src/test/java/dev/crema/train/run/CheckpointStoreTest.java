package dev.crema.train.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
    @TempDir
    Path run;

    private CheckpointStore store;

    @BeforeEach
    void open() {
        store = store(2);
    }

    @Test
    void hasNothingBeforeTheFirstWrite() throws IOException {
        assertThat(store.latest()).isEmpty();
        assertThat(store.best()).isEmpty();
    }

    @Test
    void keepsTheLatestAndTheBest() throws IOException {
        store.markBest(write(10));
        for (int step = 20; step <= 60; step += 10) {
            write(step);
        }
        assertThat(store.steps()).containsExactly(10L, 50L, 60L);
        Checkpoint latest = store.latest().orElseThrow();
        assertThat(latest.step()).isEqualTo(60);
        assertThat(latest.folder().resolve("sub/optimizer.bin")).hasContent("optimizer of 60");
        assertThat(store.best().orElseThrow().step()).isEqualTo(10);
        store.markBest(latest);
        write(70);
        assertThat(store.steps()).containsExactly(60L, 70L);
        assertThat(names()).containsExactlyInAnyOrder("step-60", "step-70");
    }

    @Test
    void goesBackPastWhatIsTruncatedAlteredOrMissing() throws IOException {
        store = store(9);
        Path ten = write(10).folder();
        Path twenty = write(20).folder();
        Path thirty = write(30).folder();
        Path forty = write(40).folder();
        Path fifty = write(50).folder();
        assertThat(store.latest().orElseThrow().step()).isEqualTo(50);
        Files.writeString(fifty.resolve("model.bin"), "mod");
        assertThat(store.latest().orElseThrow().step()).isEqualTo(40);
        Files.writeString(forty.resolve("model.bin"), "model of 04"); // as long as before
        assertThat(store.latest().orElseThrow().step()).isEqualTo(30);
        Files.delete(thirty.resolve("sub/optimizer.bin"));
        assertThat(store.latest().orElseThrow().step()).isEqualTo(20);
        Files.writeString(twenty.resolve("manifest.json"), "{}");
        assertThat(store.latest().orElseThrow().step()).isEqualTo(10);
        Files.writeString(ten.resolve("manifest.json"), "{\"algorithm\": \"md");
        assertThatThrownBy(store::latest)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("none of the checkpoints in " + run.resolve("checkpoints"));
    }

    @Test
    void saysWhatIsWrongWithADamagedOne() throws IOException {
        Path folder = write(7).folder();
        Files.writeString(folder.resolve("model.bin"), "x");
        assertThatThrownBy(() -> Manifest.verify(7, folder)).hasMessage("model.bin has 1 bytes instead of 10");
        Files.writeString(folder.resolve("model.bin"), "model of 9");
        assertThatThrownBy(() -> Manifest.verify(7, folder))
                .hasMessage("model.bin was altered: its content does not have the recorded hash");
        assertThatThrownBy(() -> Manifest.verify(8, folder)).hasMessageContaining("manifest.json is of step 7");
    }

    @Test
    void dropsLaterStepsOnceTheRunHasGoneAnotherWay() throws IOException {
        store = store(1);
        Path twenty = write(20).folder();
        write(30);
        Files.createDirectories(twenty); // a damaged step 20 besides a whole step 30
        Files.writeString(run.resolve("checkpoints/step-30/model.bin"), "torn");
        write(25);
        assertThat(store.steps()).containsExactly(25L);
        assertThat(store.latest().orElseThrow().step()).isEqualTo(25);
    }

    @Test
    void replacesACheckpointOfTheSameStep() throws IOException {
        write(10);
        store.write(10, folder -> Files.writeString(folder.resolve("model.bin"), "another"));
        assertThat(store.latest().orElseThrow().folder().resolve("model.bin")).hasContent("another");
        assertThat(names()).containsExactly("step-10");
    }

    @Test
    void findsTheOldOneWhenACrashCameBeforeItsSuccessor() throws IOException {
        Path folder = write(10).folder();
        Files.move(folder, folder.resolveSibling(".replaced-step-10"));
        Files.createDirectory(folder.resolveSibling(".tmp-step-10"));
        assertThat(store.latest().orElseThrow().step()).isEqualTo(10);
        write(20);
        assertThat(names()).containsExactlyInAnyOrder("step-10", "step-20");
    }

    @Test
    void leavesThePreviousOneWhenAWriteFails() throws IOException {
        write(10);
        assertThatThrownBy(() -> store.write(20, folder -> {
                    Files.writeString(folder.resolve("model.bin"), "half");
                    throw new IOException("disk full");
                }))
                .hasMessage("disk full");
        assertThat(store.latest().orElseThrow().step()).isEqualTo(10);
        write(20);
        assertThat(names()).containsExactlyInAnyOrder("step-10", "step-20");
    }

    private CheckpointStore store(int keep) {
        return new CheckpointStore(run.resolve("checkpoints"), run.resolve("best"), keep);
    }

    private Checkpoint write(long step) throws IOException {
        return store.write(step, folder -> {
            Files.writeString(folder.resolve("model.bin"), "model of " + step);
            Files.createDirectory(folder.resolve("sub"));
            Files.writeString(folder.resolve("sub/optimizer.bin"), "optimizer of " + step);
        });
    }

    private List<String> names() throws IOException {
        try (Stream<Path> children = Files.list(run.resolve("checkpoints"))) {
            return children.map(child -> child.getFileName().toString()).toList();
        }
    }
}
