package dev.crema.data;

import dev.crema.text.InputException;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Turns what a recipe names (a file, a folder, a glob) into files, in the order of their names. */
final class SourceFiles {
    private static final Set<String> KNOWN = Set.of("txt", "md", "text", "jsonl", "ndjson", "json");

    /** Formats that would be taken for plain text by mistake. */
    private static final Set<String> NOT_TEXT = Set.of(
            "parquet", "arrow", "csv", "tsv", "gz", "bz2", "xz", "zst", "zip", "tar", "pdf", "docx", "bin", "pt");

    private SourceFiles() {}

    /** Lists the files that {@code name} stands for; throws where there is none. */
    static List<Path> resolve(String name) {
        if (isGlob(name) && !Files.exists(Path.of(name))) {
            return glob(name.replace(File.separatorChar, '/'));
        }
        Path path = Path.of(name);
        if (Files.isDirectory(path)) {
            return nonEmpty(
                    list(path).filter(SourceFiles::isKnown).toList(),
                    path + ": the folder holds no .txt, .md, .json or .jsonl file");
        }
        if (!Files.exists(path)) {
            throw new InputException(path + ": no such file" + suggestion(path));
        }
        if (!Files.isReadable(path)) {
            throw new InputException(path + ": not readable by this user; change its permissions");
        }
        return List.of(readable(path));
    }

    static String extension(Path file) {
        String name = file.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    private static Path readable(Path file) {
        if (NOT_TEXT.contains(extension(file))) {
            throw new InputException(file + ": ." + extension(file)
                    + " files are not read; unpack or convert to JSON Lines (.jsonl) or plain text (.txt, .md)");
        }
        return file;
    }

    private static boolean isKnown(Path file) {
        return KNOWN.contains(extension(file));
    }

    private static boolean isGlob(String name) {
        return name.chars().anyMatch(c -> c == '*' || c == '?' || c == '[' || c == '{');
    }

    private static List<Path> glob(String pattern) {
        int meta = 0;
        while ("*?[{".indexOf(pattern.charAt(meta)) < 0) {
            meta++;
        }
        int slash = pattern.lastIndexOf('/', meta);
        Path root = Path.of(slash < 0 ? "." : slash == 0 ? "/" : pattern.substring(0, slash));
        if (!Files.isDirectory(root)) {
            throw new InputException(pattern + ": the folder " + root + " does not exist" + suggestion(root));
        }
        String rest = pattern.substring(slash + 1);
        PathMatcher matcher = matcher(rest);
        PathMatcher here = matcher(rest.replace("**/", "")); // any depth begins with none
        List<Path> found = list(root)
                .filter(file -> matcher.matches(root.relativize(file)) || here.matches(root.relativize(file)))
                .map(SourceFiles::readable)
                .toList();
        return nonEmpty(found, pattern + ": matches no file");
    }

    private static PathMatcher matcher(String pattern) {
        return FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    }

    private static Stream<Path> list(Path root) {
        try (Stream<Path> walk = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
            return walk
                    .filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().startsWith("."))
                    .sorted(Comparator.comparing(Path::toString))
                    .toList()
                    .stream();
        } catch (IOException | UncheckedIOException e) {
            throw new InputException(root + ": the folder cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<Path> nonEmpty(List<Path> files, String otherwise) {
        if (files.isEmpty()) {
            throw new InputException(otherwise);
        }
        return files;
    }

    private static String suggestion(Path missing) {
        return nearest(missing).map(name -> "; did you mean " + name + "?").orElse("; check the path");
    }

    private static Optional<Path> nearest(Path missing) {
        Path folder = missing.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            return Optional.empty();
        }
        String wanted = missing.getFileName().toString();
        try (Stream<Path> siblings = Files.list(folder)) {
            return siblings.filter(sibling ->
                            distance(wanted, sibling.getFileName().toString()) <= Math.max(2, wanted.length() / 3))
                    .min(Comparator.<Path>comparingInt(sibling ->
                                    distance(wanted, sibling.getFileName().toString()))
                            .thenComparing(Path::toString))
                    .map(sibling -> missing.resolveSibling(sibling.getFileName()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Levenshtein distance, case ignored. */
    private static int distance(String a, String b) {
        String left = a.toLowerCase(Locale.ROOT);
        String right = b.toLowerCase(Locale.ROOT);
        int[] row = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int substitute = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitute, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[right.length()];
    }
}
