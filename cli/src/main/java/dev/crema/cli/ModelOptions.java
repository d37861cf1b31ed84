package dev.crema.cli;

import dev.crema.infer.LanguageModel;
import dev.crema.tensor.Device;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says which model a verb writes with, and how it is held. */
final class ModelOptions {
    @Parameters(paramLabel = "MODEL", description = "Folder of the model, in Hugging Face's form, or a GGUF file.")
    private Path folder;

    @Option(
            names = "--dtype",
            description =
                    "Type of the weights: ${COMPLETION-CANDIDATES}. Default: bf16 where a model answers in it as fast"
                            + " as in fp32.")
    private Optional<Precision> precision;

    /** Loads the model, onto a GPU where there is one; the caller closes it. */
    LanguageModel load() {
        Path model = Folders.model(folder);
        return LanguageModel.load(
                model, precision.orElseGet(Precision::lightest).dtype(), Device.best());
    }
}
