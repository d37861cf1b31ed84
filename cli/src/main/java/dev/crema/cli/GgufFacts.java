package dev.crema.cli;

import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.text.gguf.GgufFile;
import dev.crema.text.gguf.GgufTensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Tells what a GGUF file holds: a whole model, or a vocabulary alone. */
final class GgufFacts {
    private GgufFacts() {}

    static Facts of(Path path, boolean weights) {
        try (GgufFile file = GgufFile.open(path)) {
            String architecture =
                    file.metadata().optionalText("general.architecture").orElse("unknown");
            Facts facts = new Facts()
                    .with("kind", "gguf")
                    .with("version", file.version())
                    .with("family", architecture);
            file.metadata().optionalText("general.name").ifPresent(name -> facts.with("name", name));
            if (!file.tensors().isEmpty()) {
                model(facts, path, file);
            }
            if (weights) {
                file.tensors().values().forEach(tensor -> facts.withWeight(weight(tensor)));
            }
            if (file.metadata().has("tokenizer.ggml.model")) {
                facts.with("tokenizer", file.metadata().text("tokenizer.ggml.model"));
                file.metadata().optionalText("tokenizer.ggml.pre").ifPresent(pre -> facts.with("pre_tokenizer", pre));
                Inspect.tokenizerFacts(facts, path);
                Inspect.chatTemplate(facts, path);
            }
            return facts;
        }
    }

    private static void model(Facts facts, Path path, GgufFile file) {
        Inspect.architecture(facts, ModelFolder.open(path).config());
        Map<String, Integer> types = new TreeMap<>();
        long bytes = 0;
        for (GgufTensor tensor : file.tensors().values()) {
            types.merge(tensor.type().lowerCaseName(), 1, Integer::sum);
            bytes += tensor.data().byteSize();
        }
        facts.with("dtype", types).with("bytes", bytes);
    }

    private static Facts.Weight weight(GgufTensor tensor) {
        return new Facts.Weight(
                tensor.name(),
                tensor.type().lowerCaseName(),
                Arrays.stream(tensor.shape()).boxed().toList(),
                tensor.data().byteSize());
    }
}
