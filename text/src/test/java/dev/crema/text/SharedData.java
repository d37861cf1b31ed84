package dev.crema.text;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds test data too large for the repository; tests that use it are tagged {@code shared}. */
public final class SharedData {
    private SharedData() {}

    /** Give a path under the shared data: {@code CREMA_SHARED} (property or variable), else {@code ../shared}. */
    public static Path path(String name) {
        Path root = setting("CREMA_SHARED", repository().resolveSibling("shared").toString());
        return existing(root.resolve("data").resolve(name), "CREMA_SHARED");
    }

    /** Give the folder of the real model: {@code CREMA_REAL_MODEL}, else where {@code bin/real-models} puts it. */
    public static Path realModel() {
        String usual = System.getProperty("user.home") + "/.cache/real-models/smollm2-135m-instruct/hf";
        return existing(setting("CREMA_REAL_MODEL", usual), "CREMA_REAL_MODEL");
    }

    private static Path setting(String name, String otherwise) {
        String property = System.getProperty(name, System.getenv(name));
        return Path.of(property == null ? otherwise : property);
    }

    private static Path existing(Path path, String variable) {
        if (!Files.exists(path)) {
            throw new AssertionError("There is no " + path + ": set " + variable + ", or exclude the tag 'shared'");
        }
        return path;
    }

    private static Path repository() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("tensor")) ? here : here.resolveSibling(""); // tests run in their module
    }
}
