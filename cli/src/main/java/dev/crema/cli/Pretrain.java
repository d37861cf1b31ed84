package dev.crema.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains a model from scratch, and a tokenizer for it if there is none. */
@Command(name = "pretrain", description = "Train a model from scratch on text.")
final class Pretrain extends StageVerb {
    @Parameters(paramLabel = "DATA", description = "Text or JSON Lines: a file, a folder or a glob.")
    private Path data;

    @Option(
            names = "--tokenizer",
            paramLabel = "FOLDER",
            description = "Take this tokenizer; by default one of 8192 tokens is trained on the data first.")
    private Optional<Path> tokenizer;

    @Override
    String stage() {
        return "pretrain";
    }

    @Override
    List<String> others() {
        return tokenizer.isPresent() ? List.of() : List.of("tokenizer");
    }

    @Override
    String stages() {
        String files = "data: {files: {path: %s}}".formatted(path(data));
        return tokenizer
                .map(folder -> "  - pretrain: {tokenizer: %s, %s}\n".formatted(path(Folders.existing(folder)), files))
                .orElseGet(() -> "  - tokenizer: {%s}\n  - pretrain: {%s}\n".formatted(files, files));
    }
}
