package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.Decoder;
import dev.crema.model.ModelConfig;
import dev.crema.model.ParameterSpec;
import dev.crema.model.checkpoint.gguf.GgufModelWriter;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.text.GgufTokenizer;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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
        check(folder.family(), folder.config(), type);
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

    /**
     * Checks that a model can be written, before it is loaded: what a file would say of it is read back and compared.
     *
     * @throws InputException if GGUF has no words for the family or a part of it, or the type is only read
     */
    static void check(Family family, ArchConfig config, GgmlType type) {
        if (!GgufModelWriter.writes(type)) {
            throw new InputException("The type " + type.lowerCaseName()
                    + " is only read; files are written in f32, f16, bf16, q8_0 and q4_0");
        }
        List<String> names = new ArrayList<>();
        for (ParameterSpec spec : ParameterSpec.of(config)) {
            GgufLoading.parts(family, config, spec).forEach(part -> names.add(part.name()));
        }
        ObjectNode json = GgufModelWriter.readBack(family.modelType(), config, names);
        ModelConfig read =
                FamilyConfig.read(new ConfigJson(Path.of("export"), json)).config();
        ConfigDifference.find((ArchConfig) read, config).ifPresent(difference -> {
            throw new InputException("GGUF cannot say all of this " + family.modelType() + ": read back, its "
                    + difference + "; keep the model in safetensors");
        });
    }

    private static String name(Path model) {
        Path name = model.toAbsolutePath().normalize().getFileName();
        return name == null ? "model" : name.toString().replaceFirst("\\.gguf$", "");
    }
}
