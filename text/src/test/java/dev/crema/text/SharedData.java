package dev.crema.text;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds what tests tagged {@code shared} and {@code real-model} read; the build passes the folders, or leaves them out. */
public final class SharedData {
    private SharedData() {}

    /** Give a path under the shared data. */
    public static Path path(String name) {
        return folder("crema.shared").resolve("data").resolve(name);
    }

    /** Give the folder of the real model. */
    public static Path realModel() {
        return folder("crema.real-model");
    }

    private static Path folder(String property) {
        Path folder = Path.of(System.getProperty(property, ""));
        if (folder.toString().isEmpty() || !Files.isDirectory(folder)) {
            throw new AssertionError("Property " + property + " names no folder: '" + folder + "'");
        }
        return folder;
    }
}
