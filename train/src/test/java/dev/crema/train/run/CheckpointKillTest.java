package dev.crema.train.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process that writes checkpoints without end, at random moments, and reads what it leaves behind. */
class CheckpointKillTest {
    private static final int KILLS = 12;
    private static final int BYTES = 1 << 20;

    @TempDir
    Path run;

    @Test
    void leavesAWholeCheckpointWhateverMomentItDiesAt() throws Exception {
        var random = new Random(1);
        long reached = 1;
        for (int kill = 0; kill < KILLS; kill++) {
            int writes = 1 + random.nextInt(4);
            // The first write of a process is of the step that it resumed from.
            long atLeast = reached + writes - 1;
            reached = Math.max(atLeast, writeUntilKilled(writes, random.nextDouble()));
            Checkpoint latest = RunFolder.checkpointsOf(run).latest().orElseThrow();
            // What write() returned from is on the disk; one more may have been renamed before the kill.
            assertThat(latest.step()).isBetween(reached, reached + 1);
            assertThat(Files.readAllBytes(latest.folder().resolve("model.bin"))).isEqualTo(content(latest.step()));
            reached = latest.step();
        }
    }

    /** Lets a process write, kills it somewhere within the next write, and returns the last step it said was written. */
    private long writeUntilKilled(int writes, double share) throws Exception {
        Process child = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx64m",
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Endless.class.getName(),
                        run.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
            long last = Long.parseLong(out.readLine());
            long start = System.nanoTime();
            for (int write = 1; write < writes; write++) {
                last = Long.parseLong(out.readLine());
            }
            long oneWrite = writes == 1 ? 20_000_000 : (System.nanoTime() - start) / (writes - 1);
            Thread.sleep(Duration.ofNanos(Math.round(share * oneWrite)));
            child.toHandle().destroyForcibly(); // unlike the process, its handle leaves the pipe open
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                last = Long.parseLong(line);
            }
            return last;
        }
    }

    private static byte[] content(long step) {
        byte[] content = new byte[BYTES];
        Arrays.fill(content, (byte) step);
        return content;
    }

    /** Resumes from the latest checkpoint, writes it once more and then the steps after it, and says each it wrote. */
    static final class Endless {
        public static void main(String[] args) throws IOException {
            try (RunFolder folder = RunFolder.open(Path.of(args[0]))) {
                CheckpointStore store = folder.checkpoints(1);
                long resumed = store.latest().map(Checkpoint::step).orElse(1L);
                for (long at = resumed; ; at++) {
                    long step = at;
                    store.write(step, files -> Files.write(files.resolve("model.bin"), content(step)));
                    System.out.println(step);
                }
            }
        }
    }
}
