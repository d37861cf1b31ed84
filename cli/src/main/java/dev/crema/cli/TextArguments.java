package dev.crema.cli;

import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The texts that a verb of encoders works on. */
final class TextArguments {
    @Option(names = "--text", paramLabel = "TEXT", description = "A text; give the option again for more.")
    private List<String> texts = new ArrayList<>();

    @Option(names = "--file", paramLabel = "FILE", description = "A file with a text on each line.")
    private Optional<Path> file;

    /**
     * Returns those given, then those of the file.
     *
     * @throws InputException if there are none to {@code verb}
     */
    List<String> all(String verb) throws IOException {
        List<String> all = new ArrayList<>(texts);
        if (file.isPresent()) all.addAll(Files.readAllLines(Folders.present(file.get())));
        if (all.isEmpty()) throw new InputException("there is no text to " + verb + "; give --text or --file");
        return all;
    }
}
