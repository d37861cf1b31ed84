package dev.crema.cli.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.crema.text.InputException;
import dev.crema.train.run.ContentHash;
import dev.crema.train.run.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Remembers what each stage was made from, so that a stage whose settings and inputs are the same is not run again.
 *
 * <p>A fingerprint is the SHA-256 of the stage's kind, version and settings, the seed, the fingerprints of the stages it
 * reads from and the content hashes of its files. {@code stage.started} in the output folder holds it from the start,
 * {@code stage.json} once the output is whole: that file is written last and atomically. A file whose size and time of
 * change are as recorded is not hashed again, unless the record was made within two seconds of that change, when a
 * second change could have the same time.
 */
final class StageCache {
    static final String DONE = "stage.json";
    static final String STARTED = "stage.started";

    private static final int FORMAT = 1;
    private static final long CLOCK_STEP_MILLIS = 2_000;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private StageCache() {}

    /** What a stage is made from: one hash of all of it, and the files that were hashed for it. */
    record Fingerprint(String hash, List<SourceFile> files) {}

    /** A file as it was when it was hashed. */
    record SourceFile(String path, long bytes, long changed, String hash, long hashed) {}

    /** A file that a stage left behind. */
    record OutputFile(String path, long bytes) {}

    /** The content of {@code stage.json}. */
    record Done(
            String name,
            String kind,
            String fingerprint,
            double seconds,
            List<SourceFile> files,
            List<OutputFile> outputs) {}

    /** What an output folder holds, compared with what is asked for. */
    enum State {
        NEW,
        WHOLE,
        INTERRUPTED,
        INCOMPLETE,
        OUTDATED
    }

    static Fingerprint fingerprint(Recipe.Step step, long seed, Map<String, String> earlier, Path folder)
            throws IOException {
        Map<String, SourceFile> known = new HashMap<>();
        done(folder).ifPresent(done -> done.files().forEach(file -> known.put(file.path(), file)));
        var text = new StringBuilder("format " + FORMAT + "\nkind " + step.kind() + "\nversion "
                + step.stage().version() + "\nseed " + seed + "\n" + YamlWriter.write(step.settings()));
        var files = new ArrayList<SourceFile>();
        for (Input input : step.stage().inputs()) {
            switch (input) {
                case Input.Output(String stage) ->
                    text.append("stage ")
                            .append(stage)
                            .append(' ')
                            .append(earlier.get(stage))
                            .append('\n');
                case Input.File(Path path) -> {
                    for (Path file : filesOf(path, step.name())) {
                        SourceFile source = source(file, known);
                        text.append("file ")
                                .append(source.path())
                                .append(' ')
                                .append(source.hash())
                                .append('\n');
                        files.add(source);
                    }
                }
            }
        }
        return new Fingerprint(sha256(text.toString()), files);
    }

    static State state(Path folder, Fingerprint fingerprint) throws IOException {
        if (!Files.exists(folder) || isEmpty(folder)) {
            return State.NEW;
        }
        Optional<Done> done = done(folder);
        if (done.isPresent()) {
            if (!done.get().fingerprint().equals(fingerprint.hash())) {
                return State.OUTDATED;
            }
            return isWhole(folder, done.get().outputs()) ? State.WHOLE : State.INCOMPLETE;
        }
        Path started = folder.resolve(STARTED);
        if (!Files.isRegularFile(started)) {
            throw new InputException("folder " + folder + " holds files that no stage wrote; name another folder");
        }
        return Files.readString(started).strip().equals(fingerprint.hash()) ? State.INTERRUPTED : State.OUTDATED;
    }

    /** Makes a folder ready for a stage to run in: outdated output is set aside, interrupted work stays. */
    static void begin(Path folder, State state, Fingerprint fingerprint) throws IOException {
        if (state == State.OUTDATED) {
            Path aside = folder.resolveSibling(folder.getFileName() + ".previous");
            DurableFiles.deleteTree(aside);
            DurableFiles.move(folder, aside);
        }
        Files.createDirectories(folder);
        DurableFiles.write(folder.resolve(STARTED), fingerprint.hash() + "\n");
        Files.deleteIfExists(folder.resolve(DONE));
    }

    static void complete(Path folder, Recipe.Step step, Fingerprint fingerprint, Duration time) throws IOException {
        DurableFiles.syncTree(folder);
        var done = new Done(
                step.name(),
                step.kind(),
                fingerprint.hash(),
                time.toMillis() / 1e3,
                fingerprint.files(),
                outputsOf(folder));
        DurableFiles.write(folder.resolve(DONE), JSON.writeValueAsBytes(done));
        Files.deleteIfExists(folder.resolve(STARTED));
    }

    /** Deletes the folder of a stage that failed before it had written anything. */
    static void discardIfEmpty(Path folder) throws IOException {
        if (Files.isDirectory(folder) && outputsOf(folder).isEmpty()) {
            DurableFiles.deleteTree(folder);
        }
    }

    /** Returns how long a whole stage took to run. */
    static Duration time(Path folder) throws IOException {
        double seconds = done(folder).map(Done::seconds).orElse(0.0);
        return Duration.ofMillis(Math.round(seconds * 1e3));
    }

    private static Optional<Done> done(Path folder) throws IOException {
        Path file = folder.resolve(DONE);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(file.toFile(), Done.class));
        } catch (JsonProcessingException e) {
            throw new InputException(file + " cannot be read: delete " + folder + " to run its stage again", e);
        }
    }

    private static List<Path> filesOf(Path path, String stage) throws IOException {
        if (!Files.exists(path)) {
            throw new InputException("stages." + stage + " reads " + path + ", which does not exist");
        }
        try (Stream<Path> files = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static SourceFile source(Path file, Map<String, SourceFile> known) throws IOException {
        String path = file.toString().replace('\\', '/');
        long bytes = Files.size(file);
        long changed = Files.getLastModifiedTime(file).toMillis();
        SourceFile before = known.get(path);
        if (before != null
                && before.bytes() == bytes
                && before.changed() == changed
                && before.hashed() - changed > CLOCK_STEP_MILLIS) {
            return before;
        }
        // The time is taken first: a change made while the file is hashed must count as later than the hash.
        long now = System.currentTimeMillis();
        return new SourceFile(path, bytes, changed, ContentHash.of(file), now);
    }

    private static List<OutputFile> outputsOf(Path folder) throws IOException {
        var outputs = new ArrayList<OutputFile>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                String path = folder.relativize(file).toString().replace('\\', '/');
                if (!path.equals(STARTED) && !path.equals(DONE)) {
                    outputs.add(new OutputFile(path, Files.size(file)));
                }
            }
        }
        return outputs;
    }

    private static boolean isWhole(Path folder, List<OutputFile> outputs) throws IOException {
        for (OutputFile output : outputs) {
            Path file = folder.resolve(output.path());
            if (!Files.isRegularFile(file) || Files.size(file) != output.bytes()) {
                return false;
            }
        }
        return true;
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.findAny().isEmpty();
        }
    }

    private static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
