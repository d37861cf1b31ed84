package dev.crema.train.run;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Lists the files of a checkpoint with their sizes and hashes, so that a truncated or altered one is noticed.
 *
 * @param algorithm how the hashes are made
 * @param step the step after which the checkpoint was written
 * @param files the files by path
 */
record Manifest(String algorithm, long step, List<Entry> files) {
    static final String FILE = "manifest.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    Manifest {
        requireNonNull(algorithm, "algorithm is missing");
        files = List.copyOf(requireNonNull(files, "files are missing"));
    }

    /** One file: its path below the checkpoint with {@code /} between names, its bytes and its hash. */
    record Entry(String path, long bytes, String hash) {
        Entry {
            requireNonNull(path, "path is missing");
            requireNonNull(hash, "hash is missing");
        }
    }

    /** Describes all files below a folder. */
    static Manifest of(long step, Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        var entries = new ArrayList<Entry>();
        for (Path file : files) {
            String path = folder.relativize(file).toString().replace('\\', '/');
            entries.add(new Entry(path, Files.size(file), ContentHash.of(file)));
        }
        return new Manifest(ContentHash.ALGORITHM, step, entries);
    }

    void write(Path folder) throws IOException {
        DurableFiles.write(folder.resolve(FILE), JSON.writeValueAsBytes(this));
    }

    /**
     * Checks every file of a checkpoint against its manifest.
     *
     * @throws DamagedException naming the first file that is missing, truncated or altered
     */
    static void verify(long step, Path folder) throws IOException, DamagedException {
        Manifest manifest = read(folder);
        if (manifest.step != step || !manifest.algorithm.equals(ContentHash.ALGORITHM)) {
            throw new DamagedException(FILE + " is of step " + manifest.step + " and algorithm " + manifest.algorithm);
        }
        for (Entry entry : manifest.files) {
            Path file = folder.resolve(entry.path);
            if (!Files.isRegularFile(file)) {
                throw new DamagedException(entry.path + " is missing");
            }
            long bytes = Files.size(file);
            if (bytes != entry.bytes) {
                throw new DamagedException(entry.path + " has " + bytes + " bytes instead of " + entry.bytes);
            }
        }
        // Sizes are compared first: that costs nothing and finds most damage.
        for (Entry entry : manifest.files) {
            if (!ContentHash.of(folder.resolve(entry.path)).equals(entry.hash)) {
                throw new DamagedException(entry.path + " was altered: its content does not have the recorded hash");
            }
        }
    }

    private static Manifest read(Path folder) throws IOException, DamagedException {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new DamagedException(FILE + " is missing");
        }
        try {
            return JSON.readValue(file.toFile(), Manifest.class);
        } catch (JsonProcessingException e) {
            throw new DamagedException(FILE + " cannot be read: " + e.getOriginalMessage());
        }
    }

    /** Says what is wrong with a checkpoint. */
    static final class DamagedException extends Exception {
        private static final long serialVersionUID = 1L;

        DamagedException(String message) {
            super(message);
        }
    }
}
