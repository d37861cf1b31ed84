package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LargeCorpusTest {
    private static final int MEBIBYTES = 300;

    @TempDir
    Path folder;

    @Test
    @Tag("slow")
    void aCorpusFiveTimesTheHeapIsTokenizedAndRead() throws IOException, InterruptedException {
        String line = "{\"text\": \"" + "The quick brown fox jumps over the lazy dog. ".repeat(22) + "\"}\n";
        Path corpus = folder.resolve("large.jsonl");
        try (BufferedWriter out = Files.newBufferedWriter(corpus)) {
            for (long written = 0; written < (long) MEBIBYTES << 20; written += line.length()) {
                out.write(line);
            }
        }
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.crema.data.LargeCorpusTest$Reading",
                        corpus.toString(),
                        folder.resolve("cache").toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(log)).isZero();
        assertThat(Files.readString(log)).contains("rows 1000");
    }

    /** Runs in a process of its own with a small heap. */
    static final class Reading {
        private Reading() {}

        public static void main(String[] args) {
            TestData.Characters characters = new TestData.Characters(1 << 16, true);
            try (TokenCache cache = TokenCaches.of(Source.of(args[0]), characters, Path.of(args[1]))) {
                ConcatenatedRows rows = new ConcatenatedRows(cache, 1024, new Order.Shuffled(1));
                Batches batches = new Batches(rows, 10);
                for (int i = 0; i < 100; i++) {
                    batches.next();
                }
                System.out.println("rows " + rows.report().rows());
            }
        }
    }
}
