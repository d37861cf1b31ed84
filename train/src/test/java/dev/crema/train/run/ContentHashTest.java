package dev.crema.train.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentHashTest {
    private static final int CHUNK = 64 << 20;

    @TempDir
    Path folder;

    @Test
    void hashesTheHashesOfTheChunks() throws Exception {
        byte[] bytes = new byte[CHUNK + 12_345];
        new Random(3).nextBytes(bytes);
        Path file = Files.write(folder.resolve("big"), bytes);
        MessageDigest whole = MessageDigest.getInstance("SHA-256");
        whole.update(MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(bytes, CHUNK)));
        whole.update(MessageDigest.getInstance("SHA-256").digest(Arrays.copyOfRange(bytes, CHUNK, bytes.length)));
        assertThat(ContentHash.of(file)).isEqualTo(HexFormat.of().formatHex(whole.digest()));
    }

    @Test
    void hashesTheEmptyFileAsNoChunks() throws IOException {
        assertThat(ContentHash.of(Files.createFile(folder.resolve("empty"))))
                .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
