package dev.crema.cli;

import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Checks paths that the command line was given, before any work is done for them. */
final class Folders {
    private Folders() {}

    /**
     * Returns a folder that is there.
     *
     * @throws InputException if it is not; names the nearest that is
     */
    static Path existing(Path folder) {
        Path found = present(folder);
        if (!Files.isDirectory(found)) {
            throw new InputException(folder + " is a file; give the folder that holds the model");
        }
        return found;
    }

    /**
     * Returns a model that is there: a folder in Hugging Face's form or a GGUF file.
     *
     * @throws InputException if it is not; names the nearest that is
     */
    static Path model(Path model) {
        Path found = present(model);
        if (!Files.isDirectory(found) && !GgufFile.isGguf(found)) {
            throw new InputException(model + " is no model; give the folder that holds one, or a GGUF file");
        }
        return found;
    }

    /**
     * Returns a file or folder that is there.
     *
     * @throws InputException if it is not; names the nearest that is
     */
    static Path present(Path path) {
        if (Files.exists(path)) {
            return path;
        }
        String meant = near(path).map(near -> "; did you mean " + near + "?").orElse("");
        throw new InputException("there is no file or folder " + path + meant);
    }

    /**
     * Returns a file that can be written.
     *
     * @throws InputException if it is a folder or the folder for it is not there
     */
    static Path writable(Path file) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + " is a folder; give the name of a file to write");
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            throw new InputException("there is no folder " + folder + " to write " + file.getFileName() + " to");
        }
        return file;
    }

    private static Optional<Path> near(Path path) {
        Path parent = path.toAbsolutePath().normalize().getParent();
        Path name = path.getFileName();
        if (parent == null || name == null || !Files.isDirectory(parent)) {
            return Optional.empty();
        }
        try (Stream<Path> children = Files.list(parent)) {
            List<String> names = children.map(child -> child.getFileName().toString())
                    .sorted()
                    .toList();
            return Nearest.to(name.toString(), names).map(path::resolveSibling);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
