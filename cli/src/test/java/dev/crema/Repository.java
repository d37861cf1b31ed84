package dev.crema;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Finds the repository that the tests run in, and its documents. */
public final class Repository {
    private Repository() {}

    /** Returns every document in Markdown at the root and under {@code docs}. */
    public static List<Path> documents() {
        try (Stream<Path> root = Files.list(root());
                Stream<Path> docs = Files.walk(root().resolve("docs"))) {
            return Stream.concat(root, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the folder that holds the root {@code pom.xml}, which the build names and an IDE need not. */
    public static Path root() {
        String told = System.getProperty("crema.root");
        Path root = told == null ? Path.of("").toAbsolutePath() : Path.of(told);
        return Files.exists(root.resolve("mvnw")) ? root : Objects.requireNonNull(root.getParent());
    }
}
