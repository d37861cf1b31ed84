package dev.crema.model.checkpoint;

import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.gguf.GgufModelWriter;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.text.GgufTokenizer;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes a model of a folder, with its tokenizer and chat template, as one GGUF file. */
public final class GgufExport {
    private GgufExport() {}

    /**
     * Writes a file, or leaves what was there before.
     *
     * @param model a folder, or another GGUF file
     * @param type of the matrices: F32, F16, BF16, Q8_0 or Q4_0
     * @throws dev.crema.text.InputException if GGUF cannot describe the model or its tokenizer
     */
    public static void write(Path model, Path file, GgmlType type) throws IOException {
        ModelFolder folder = ModelFolder.open(model);
        String modelType = folder.family().modelType();
        GgufModelWriter.check(modelType, folder.config(), type);
        Map<String, GgufValue> described = new LinkedHashMap<>();
        described.put("general.name", new GgufValue.Text(name(model)));
        described.putAll(GgufTokenizer.metadata(model, folder.config().vocabularySize()));
        try (Decoder decoder = folder.load(folder.storedDtype(), Device.CPU);
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            GgufModelWriter.write(
                    file,
                    modelType,
                    folder.config(),
                    ModelFolder.theirs(
                            folder.family(), folder.config(), decoder.weights().byName()),
                    described,
                    type);
        }
    }

    private static String name(Path model) {
        Path name = model.toAbsolutePath().normalize().getFileName();
        return name == null ? "model" : name.toString().replaceFirst("\\.gguf$", "");
    }
}
