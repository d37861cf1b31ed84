package dev.crema.data;

import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokenizes a source once: the cache is found again by the hash of everything that it was made from.
 *
 * <p>It is written in a folder beside, forced to the disk and renamed, so that a cache that has its name is whole; one that
 * was damaged later is reported and made again.
 */
public final class TokenCaches {
    private static final Logger LOG = LoggerFactory.getLogger(TokenCaches.class);
    private static final String PARTIAL = ".partial-";
    private static final int CHUNK_EXAMPLES = 1024;
    private static final int CHUNK_CHARS = 1 << 20;

    private TokenCaches() {}

    /**
     * Opens the cache of a source, tokenizing it first where there is none yet.
     *
     * @param root the folder that holds caches; each has a folder of its own in it
     */
    public static TokenCache of(ExampleSource source, ExampleTokenizer tokenizer, Path root) {
        String key = new ContentHash()
                .add("layout " + CacheManifest.VERSION)
                .add(source.key())
                .add(tokenizer.fingerprint())
                .hex();
        Path folder = root.resolve(key.substring(0, 32));
        if (Files.exists(folder)) {
            try {
                return TokenCache.open(folder);
            } catch (InputException e) {
                LOG.warn("{}; tokenizing {} again", e.getMessage(), source.name());
                delete(folder);
            }
        }
        build(source, tokenizer, key, folder);
        return TokenCache.open(folder);
    }

    private static void build(ExampleSource source, ExampleTokenizer tokenizer, String key, Path folder) {
        Path beside = folder.resolveSibling(
                folder.getFileName() + PARTIAL + ProcessHandle.current().pid());
        try {
            deleteLeftovers(folder);
            Files.createDirectories(beside);
            CacheManifest manifest = write(source, tokenizer, key, beside);
            if (manifest.documents() == 0) {
                throw new InputException(source.name() + ": holds no text to learn from ("
                        + manifest.emptyExamples() + " empty examples, " + manifest.skippedRecords()
                        + " records skipped); check the path and the format");
            }
            publish(beside, folder);
            LOG.info(
                    "{}: {} documents, {} tokens, {} with loss, {} records skipped",
                    source.name(),
                    manifest.documents(),
                    manifest.tokens(),
                    manifest.lossTokens(),
                    manifest.skippedRecords());
        } catch (IOException e) {
            throw new InputException(
                    folder + ": the token cache cannot be written: " + e.getMessage()
                            + "; check the disk's free space and permissions",
                    e);
        } finally {
            delete(beside);
        }
    }

    private static CacheManifest write(ExampleSource source, ExampleTokenizer tokenizer, String key, Path folder)
            throws IOException {
        try (ExampleReader reader = source.open();
                TokenCacheWriter writer = new TokenCacheWriter(folder, tokenizer.vocabularySize())) {
            List<Example> chunk = new ArrayList<>();
            while (reader.hasNext()) {
                chunk.clear();
                for (long chars = 0; reader.hasNext() && chunk.size() < CHUNK_EXAMPLES && chars < CHUNK_CHARS; ) {
                    Example example = reader.next();
                    chunk.add(example);
                    chars += example.chars();
                }
                for (TokenizedExample tokenized : tokenizer.tokenize(chunk)) {
                    writer.append(tokenized);
                }
            }
            return writer.finish(key, tokenizer.fingerprint(), reader.skipped());
        }
    }

    private static void publish(Path beside, Path folder) throws IOException {
        try {
            Files.move(beside, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (!Files.exists(folder)) { // else another process made the same cache meanwhile: either one serves
                throw e;
            }
        }
        try (FileChannel parent = FileChannel.open(folder.getParent(), StandardOpenOption.READ)) {
            parent.force(true);
        } catch (IOException e) {
            LOG.debug("this system cannot force a folder to the disk", e);
        }
    }

    /** Deletes what this process, or one that was killed, left half-written. */
    private static void deleteLeftovers(Path folder) throws IOException {
        Path root = folder.resolveSibling("");
        Files.createDirectories(root);
        String prefix = folder.getFileName() + PARTIAL;
        try (Stream<Path> siblings = Files.list(root)) {
            for (Path sibling : siblings.toList()) {
                String name = sibling.getFileName().toString();
                if (name.startsWith(prefix) && isDone(name.substring(prefix.length()))) {
                    delete(sibling);
                }
            }
        }
    }

    private static boolean isDone(String pid) {
        return pid.matches("\\d{1,18}")
                && (Long.parseLong(pid) == ProcessHandle.current().pid()
                        || ProcessHandle.of(Long.parseLong(pid)).isEmpty());
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new InputException(folder + ": cannot be deleted: " + e.getMessage() + "; delete it by hand", e);
        }
    }
}
