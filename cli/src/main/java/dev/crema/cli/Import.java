package dev.crema.cli;

import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.text.InputException;
import dev.crema.text.ModelTexts;
import dev.crema.text.gguf.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns a GGUF file into a model's folder that transformers loads. */
@Command(
        name = "import",
        description = "Turn a GGUF file into a folder in Hugging Face's form, with its tokenizer and chat template.")
final class Import extends Verb {
    @Parameters(paramLabel = "FILE", description = "The GGUF file.")
    private Path file;

    @Option(names = "--out", required = true, paramLabel = "FOLDER", description = "Folder to write.")
    private Path out;

    @Option(
            names = "--dtype",
            description = "Type of the weights: ${COMPLETION-CANDIDATES}. Default: as stored; fp32 for quantised ones.")
    private Optional<Precision> precision;

    /** What {@code --json} prints. */
    record Document(String out, String family, String dtype) {}

    @Override
    void run(Console console) throws IOException {
        if (!GgufFile.isGguf(Folders.present(file))) {
            throw new InputException(file + " is not a GGUF file: it does not begin with \"GGUF\"");
        }
        if (Files.exists(out) && !Files.isDirectory(out)) {
            throw new InputException(out + " is a file; give --out the name of a folder");
        }
        ModelFolder model = ModelFolder.open(file);
        ModelTexts texts = ModelTexts.of(file);
        DType dtype = precision.map(Precision::dtype).orElseGet(model::storedDtype);
        try (Decoder decoder = model.load(dtype, Device.CPU)) {
            ModelFolder.save(out, model.family(), decoder);
        }
        texts.save(out);
        String family = model.family().modelType(), name = dtype.name().toLowerCase(Locale.ROOT);
        console.out().println(out + ": " + family + ", " + name);
        console.document(new Document(out.toString(), family, name));
    }
}
