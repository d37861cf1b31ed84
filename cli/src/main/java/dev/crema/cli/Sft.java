package dev.crema.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Fine-tunes a model on conversations, completions or texts. */
@Command(name = "sft", description = "Fine-tune a model on examples of what it should say.")
final class Sft extends StageVerb {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "Folder of the model, in Hugging Face's form, or a GGUF file.")
    private Path model;

    @Parameters(index = "1", paramLabel = "DATA", description = "JSON Lines or text: a file, a folder or a glob.")
    private Path data;

    @Override
    String stage() {
        return "sft";
    }

    @Override
    String stages() {
        return "  - sft: {from: %s, data: {files: {path: %s}}, batch: {packing: whole}}\n"
                .formatted(path(Folders.model(model)), path(data));
    }
}
