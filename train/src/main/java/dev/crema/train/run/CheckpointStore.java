package dev.crema.train.run;

import dev.crema.text.InputException;
import dev.crema.train.run.Manifest.DamagedException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the checkpoints of a run: {@code step-N} folders, each whole or absent.
 *
 * <p>A checkpoint is written beside as {@code .tmp-step-N}, hashed, synced to the disk and renamed. A crash at any
 * moment therefore leaves the checkpoints before it as they were. What a crash does leave behind, an unfinished folder
 * or an old one that was about to be replaced, is cleared up by the next write. One process at a time may write;
 * {@link RunFolder} holds the lock.
 */
public final class CheckpointStore {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
    private static final String UNFINISHED = ".tmp-";
    private static final String REPLACED = ".replaced-";
    private static final Pattern NAME = Pattern.compile("(?:\\.replaced-)?step-(\\d{1,18})");

    private final Path folder;
    private final Path best;
    private final int keep;

    /**
     * Opens the store in a folder, which may not exist yet.
     *
     * @param best the file that points to the best checkpoint
     * @param keep how many of the latest checkpoints to keep, at least 1; the best one is kept besides
     */
    CheckpointStore(Path folder, Path best, int keep) {
        if (keep < 1) {
            throw new IllegalArgumentException("keep must be 1 or more, is " + keep);
        }
        this.folder = folder;
        this.best = best;
        this.keep = keep;
    }

    /** Writes the files of a checkpoint into a folder that is empty. */
    @FunctionalInterface
    public interface Writer {
        void write(Path folder) throws IOException;
    }

    /**
     * Writes a checkpoint; when this returns it is on the disk.
     *
     * <p>Checkpoints of later steps belong to a course that the run has left and are deleted, as are those before the
     * latest {@code keep}, save the best.
     */
    public Checkpoint write(long step, Writer writer) throws IOException {
        Files.createDirectories(folder);
        clearUp();
        Path target = folder.resolve("step-" + step);
        Path unfinished = Files.createDirectory(folder.resolve(UNFINISHED + "step-" + step));
        writer.write(unfinished);
        Manifest.of(step, unfinished).write(unfinished);
        DurableFiles.syncTree(unfinished);
        if (Files.exists(target)) {
            DurableFiles.move(target, folder.resolve(REPLACED + "step-" + step));
        }
        DurableFiles.move(unfinished, target);
        prune(step);
        return new Checkpoint(step, target);
    }

    /**
     * Returns the latest checkpoint that is whole, after hashing its files.
     *
     * <p>A truncated or altered one is named in a warning, and the one before it is tried.
     *
     * @throws InputException if there are checkpoints but none of them is whole
     */
    public Optional<Checkpoint> latest() throws IOException {
        NavigableMap<Long, Path> all = all();
        for (var entry : all.descendingMap().entrySet()) {
            try {
                Manifest.verify(entry.getKey(), entry.getValue());
                return Optional.of(new Checkpoint(entry.getKey(), entry.getValue()));
            } catch (DamagedException e) {
                Long before = all.lowerKey(entry.getKey());
                LOG.warn(
                        "Checkpoint {} is damaged: {}; {}",
                        entry.getValue(),
                        e.getMessage(),
                        before == null ? "there is none before it" : "going back to step " + before);
            }
        }
        if (all.isEmpty()) {
            return Optional.empty();
        }
        throw new InputException("none of the checkpoints in " + folder
                + " is whole; delete the folder to start the run anew, or restore one from a copy");
    }

    /** Returns the checkpoint that was last marked as the best, if it is whole. */
    public Optional<Checkpoint> best() throws IOException {
        long step = bestStep();
        Path bestFolder = folder.resolve("step-" + step);
        if (step < 0) {
            return Optional.empty();
        }
        try {
            Manifest.verify(step, bestFolder);
            return Optional.of(new Checkpoint(step, bestFolder));
        } catch (DamagedException e) {
            LOG.warn("The best checkpoint {} is damaged: {}", bestFolder, e.getMessage());
            return Optional.empty();
        }
    }

    /** Marks a checkpoint as the best, so that it is kept until another one is. */
    public void markBest(Checkpoint checkpoint) throws IOException {
        if (!all().containsKey(checkpoint.step())) {
            throw new IllegalArgumentException("there is no checkpoint of step " + checkpoint.step());
        }
        DurableFiles.write(best, "step-" + checkpoint.step() + "\n");
    }

    /** Returns the steps of which there are checkpoints, whole or not. */
    public NavigableSet<Long> steps() throws IOException {
        return new TreeSet<>(all().keySet());
    }

    private NavigableMap<Long, Path> all() throws IOException {
        var all = new TreeMap<Long, Path>();
        if (!Files.isDirectory(folder)) {
            return all;
        }
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
            for (Path child : children) {
                Matcher name = NAME.matcher(child.getFileName().toString());
                if (name.matches()) {
                    // A replaced folder counts only where a crash came before its successor.
                    boolean replaced = child.getFileName().toString().startsWith(REPLACED);
                    all.merge(Long.valueOf(name.group(1)), child, (one, other) -> replaced ? one : other);
                }
            }
        }
        return all;
    }

    private long bestStep() throws IOException {
        if (!Files.isRegularFile(best)) {
            return -1;
        }
        Matcher name = NAME.matcher(Files.readString(best).strip());
        return name.matches() ? Long.parseLong(name.group(1)) : -1;
    }

    private void clearUp() throws IOException {
        try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(folder, UNFINISHED + "*")) {
            for (Path child : unfinished) {
                DurableFiles.deleteTree(child);
            }
        }
        try (DirectoryStream<Path> replaced = Files.newDirectoryStream(folder, REPLACED + "*")) {
            for (Path child : replaced) {
                Path successor = folder.resolve(child.getFileName().toString().substring(REPLACED.length()));
                if (Files.exists(successor)) {
                    delete(child);
                } else {
                    DurableFiles.move(child, successor);
                }
            }
        }
    }

    private void prune(long written) throws IOException {
        NavigableMap<Long, Path> all = all();
        long bestStep = bestStep();
        int seen = 0;
        for (var entry : all.descendingMap().entrySet()) {
            long step = entry.getKey();
            boolean keepThis = step == written || step < written && (++seen < keep || step == bestStep);
            if (!keepThis) {
                delete(entry.getValue());
            }
        }
        clearUp();
    }

    /** Deletes a folder under another name, so that half of a checkpoint never stands under its own. */
    private void delete(Path checkpoint) throws IOException {
        Path doomed = folder.resolve(UNFINISHED + "deleted" + checkpoint.getFileName());
        DurableFiles.move(checkpoint, doomed);
        DurableFiles.deleteTree(doomed);
    }
}
