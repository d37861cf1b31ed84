package dev.crema.data;

import dev.crema.data.CacheManifest.FileSeal;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** Seals the files of a cache when it is written, and checks the seals when it is opened. */
final class Seals {
    private static final int SAMPLE = 1 << 20;
    private static final List<String> FILES = List.of(CacheManifest.TOKENS, CacheManifest.MASK, CacheManifest.INDEX);

    private Seals() {}

    static Map<String, FileSeal> seal(Path folder) throws IOException {
        Map<String, FileSeal> seals = new LinkedHashMap<>();
        for (String name : FILES) {
            seals.put(name, seal(folder, name));
        }
        return seals;
    }

    static void check(Path folder, CacheManifest manifest) throws IOException {
        if (manifest.version() != CacheManifest.VERSION) {
            throw new InputException(folder + ": token cache of layout " + manifest.version() + ", this build reads "
                    + CacheManifest.VERSION + "; delete the folder");
        }
        if (manifest.files() == null || (manifest.tokenBytes() != 2 && manifest.tokenBytes() != 4)) {
            throw new InputException(folder + ": the manifest is incomplete; delete the folder");
        }
        checkLength(folder, CacheManifest.TOKENS, manifest.tokens() * manifest.tokenBytes());
        checkLength(folder, CacheManifest.MASK, (manifest.tokens() + 7) / 8);
        checkLength(folder, CacheManifest.INDEX, manifest.documents() * TokenCache.INDEX_ENTRY + Long.BYTES);
        for (String name : FILES) {
            if (!seal(folder, name).equals(manifest.files().get(name))) {
                throw new InputException(folder.resolve(name) + ": changed since it was written; delete " + folder);
            }
        }
    }

    private static void checkLength(Path folder, String name, long expected) throws IOException {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
            throw new InputException(file + ": missing from the token cache; delete " + folder);
        }
        if (Files.size(file) != expected) {
            throw new InputException(file + ": " + Files.size(file) + " bytes where the manifest says " + expected
                    + "; delete " + folder);
        }
    }

    private static FileSeal seal(Path folder, String name) throws IOException {
        CRC32C crc = new CRC32C();
        try (FileChannel channel = FileChannel.open(folder.resolve(name), StandardOpenOption.READ)) {
            long size = channel.size();
            update(crc, channel, 0, Math.min(size, SAMPLE));
            update(crc, channel, Math.max(0, size - SAMPLE), size);
            return new FileSeal(size, "%08x".formatted(crc.getValue()));
        }
    }

    private static void update(CRC32C crc, FileChannel channel, long from, long to) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) (to - from));
        while (bytes.hasRemaining() && channel.read(bytes, from + bytes.position()) > 0) {}
        crc.update(bytes.flip());
    }
}
