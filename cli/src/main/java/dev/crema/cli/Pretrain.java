package dev.crema.cli;

import dev.crema.model.checkpoint.Family;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
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

    @Option(
            names = "--family",
            paramLabel = "FAMILY",
            description =
                    "Architecture: a decoder (llama, gpt2, ...), an encoder (bert, ...) or an encoder-decoder (t5)."
                            + " Default: ${DEFAULT-VALUE}.",
            defaultValue = "llama")
    private Family family = Family.LLAMA;

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
        String name = family.name().toLowerCase(Locale.ROOT);
        String purpose = family.kind().name().toLowerCase(Locale.ROOT);
        String files = "data: {files: {path: %s}}".formatted(path(data));
        String settings = files + ", model: {family: %s}".formatted(name);
        return tokenizer
                .map(folder ->
                        "  - pretrain: {tokenizer: %s, %s}\n".formatted(path(Folders.existing(folder)), settings))
                .orElseGet(() ->
                        "  - tokenizer: {%s, purpose: %s}\n  - pretrain: {%s}\n".formatted(files, purpose, settings));
    }
}
