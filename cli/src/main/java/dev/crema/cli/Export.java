package dev.crema.cli;

import dev.crema.model.checkpoint.GgufExport;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a model as a GGUF file, which llama.cpp and all that is built on it run. */
@Command(name = "export", description = "Write a model, its tokenizer and chat template as a GGUF file.")
final class Export extends Verb {
    @Parameters(
            paramLabel = "MODEL",
            description = "Folder of the model, in Hugging Face's form, or another GGUF file.")
    private Path model;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "GGUF file to write.")
    private Path out;

    @Option(
            names = "--type",
            defaultValue = "q8_0",
            description = "Type of the matrices: f32, f16, bf16, q8_0, q4_0. Default: q8_0.")
    private String type;

    /** What {@code --json} prints. */
    record Document(String out, String type, long bytes) {}

    @Override
    void run(Console console) throws IOException {
        Path source = Folders.model(model);
        Folders.writable(out);
        if (Files.exists(out) && Files.isSameFile(source, out)) {
            throw new InputException(out + " is the model itself; give --out another name");
        }
        GgmlType wanted = type();
        GgufExport.write(source, out, wanted);
        long bytes = Files.size(out);
        console.out().println(String.format(Locale.ROOT, "%s: %s, %,d bytes", out, wanted.lowerCaseName(), bytes));
        console.document(new Document(out.toString(), wanted.lowerCaseName(), bytes));
    }

    private GgmlType type() {
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "f32", "fp32" -> GgmlType.F32;
            case "f16", "fp16" -> GgmlType.F16;
            case "bf16" -> GgmlType.BF16;
            case "q8_0" -> GgmlType.Q8_0;
            case "q4_0" -> GgmlType.Q4_0;
            default ->
                throw new InputException("--type " + type + " is not written; take f32, f16, bf16, q8_0 or q4_0");
        };
    }
}
