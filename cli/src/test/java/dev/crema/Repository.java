package dev.crema;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Finds the repository that the tests run in. */
public final class Repository {
    private Repository() {}

    /** Returns the folder that holds the root {@code pom.xml}, which the build names and an IDE need not. */
    public static Path root() {
        String told = System.getProperty("crema.root");
        Path root = told == null ? Path.of("").toAbsolutePath() : Path.of(told);
        return Files.exists(root.resolve("mvnw")) ? root : Objects.requireNonNull(root.getParent());
    }
}
