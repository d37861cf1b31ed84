package dev.crema.train.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    @TempDir
    Path temp;

    @Test
    void refusesASecondRunInTheSameFolder() throws IOException {
        Path run = temp.resolve("runs/base");
        RunFolder first = RunFolder.open(run);
        assertThatThrownBy(() -> RunFolder.open(run))
                .isInstanceOf(InputException.class)
                .hasMessage("run folder %s is in use by process %d; wait for it to end, or name another folder"
                        .formatted(run, ProcessHandle.current().pid()));
        first.close();
        RunFolder.open(run).close();
    }

    @Test
    void refusesASecondProcess() throws Exception {
        try (RunFolder held = RunFolder.open(temp)) {
            Process child = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Opener.class.getName(),
                            held.path().toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(child.getInputStream().readAllBytes());
            assertThat(child.waitFor()).isEqualTo(3);
            assertThat(said)
                    .contains("is in use by process " + ProcessHandle.current().pid());
        }
    }

    @Test
    void keepsCheckpointsBelowTheFolder() throws IOException {
        try (RunFolder run = RunFolder.open(temp)) {
            Checkpoint written = run.checkpoints(2).write(5, files -> Files.writeString(files.resolve("a"), "a"));
            assertThat(written.folder()).isEqualTo(temp.resolve("checkpoints/step-5"));
            assertThat(RunFolder.checkpointsOf(temp).latest()).contains(written);
        }
    }

    @Test
    void refusesAFile() throws IOException {
        Path file = Files.createFile(temp.resolve("file"));
        assertThatThrownBy(() -> RunFolder.open(file)).hasMessage("run folder " + file + " is a file; name a folder");
    }

    static final class Opener {
        public static void main(String[] args) throws IOException {
            try {
                RunFolder.open(Path.of(args[0])).close();
            } catch (InputException e) {
                System.out.println(e.getMessage());
                System.exit(3);
            }
        }
    }
}
