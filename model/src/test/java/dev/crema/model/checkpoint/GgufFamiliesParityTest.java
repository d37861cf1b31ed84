package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.crema.model.Decoder;
import dev.crema.model.Visibility;
import dev.crema.model.checkpoint.gguf.GgufModelWriter;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufFile;
import dev.crema.text.gguf.GgufTensor;
import dev.crema.text.gguf.GgufValue;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads files that the Python package gguf wrote by the rules of llama.cpp's converter, and writes the same. */
class GgufFamiliesParityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/gguf");
    /** Where the reference script looks for what to load with transformers. */
    private static final Path SAVED = Path.of("target/saved/gguf");

    static Iterable<String> names() throws IOException {
        try (var files = Files.list(GOLDEN)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".gguf"))
                    .map(name -> name.replace(".gguf", ""))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void computesTheLogitsOfTransformers(String name) {
        try (Decoder model = ModelFolder.open(GOLDEN.resolve(name + ".gguf")).load(DType.FP32, Device.CPU);
                Scope scope = Scope.open();
                var off = Autograd.off();
                Safetensors expected = Safetensors.open(GOLDEN.resolve(name + ".safetensors"))) {
            Tensor ids = expected.entry("input_ids").tensor();
            Tensor positions = model.positions(ids.size(0), ids.size(1));
            float[] logits = model.logits(model.hiddenStates(ids, positions, new Visibility.Causal()))
                    .toFloats();
            float[] want = expected.entry("logits").tensor().toFloats();
            assertThat(logits).hasSameSizeAs(want);
            double scale = 0, worst = 0;
            for (int i = 0; i < want.length; i++) {
                scale = Math.max(scale, Math.abs(want[i]));
                worst = Math.max(worst, Math.abs(logits[i] - want[i]));
            }
            assertThat(worst).isLessThanOrEqualTo(1e-4 * scale);
        }
    }

    /** What the converter does not write, llama.cpp takes by default: our files say more, and nothing else. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "mistral",
                "llama3",
                "mixtral",
                "phi3",
                "olmo2",
                "gemma2",
                "gemma3",
                "qwen2moe",
                "qwen3",
                "qwen3moe",
                "deepseek2",
                "deepseek3"
            })
    void writesWhatThePackageWrote(String name) throws IOException {
        Files.createDirectories(SAVED);
        Path written = SAVED.resolve(name + ".gguf"), golden = GOLDEN.resolve(name + ".gguf");
        ModelFolder source = ModelFolder.open(golden);
        GgufExport.check(source.family(), source.config(), GgmlType.F32);
        try (Decoder model = source.load(DType.FP32, Device.CPU);
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            GgufModelWriter.write(
                    written,
                    source.family().modelType(),
                    source.config(),
                    ModelFolder.theirs(
                            source.family(), source.config(), model.weights().byName()),
                    Map.of("general.name", new GgufValue.Text(name)),
                    GgmlType.F32);
        }
        try (GgufFile theirs = GgufFile.open(golden);
                GgufFile ours = GgufFile.open(written)) {
            assertThat(ours.tensors().keySet()).isEqualTo(theirs.tensors().keySet());
            theirs.tensors().forEach((tensor, wanted) -> {
                GgufTensor found = Objects.requireNonNull(ours.tensors().get(tensor));
                assertThat(found.type()).as(tensor).isEqualTo(wanted.type());
                assertThat(found.shape()).as(tensor).isEqualTo(wanted.shape());
                // Gemma's norms lose a bit on their way through what the checkpoint holds; factors are computed.
                if (name.startsWith("gemma") && tensor.endsWith("norm.weight") || tensor.equals("rope_freqs.weight")) {
                    assertThat(floats(found)).as(tensor).containsExactly(floats(wanted), offset(2e-6f));
                } else {
                    assertThat(found.data().mismatch(wanted.data())).as(tensor).isEqualTo(-1);
                }
            });
            Map<String, GgufValue> wanted =
                    new LinkedHashMap<>(theirs.metadata().values());
            // Where each layer has experts, nothing is of this width.
            if (name.contains("moe")) wanted.keySet().removeIf(key -> key.endsWith("moe.feed_forward_length"));
            assertThat(ours.metadata().values()).containsAllEntriesOf(wanted);
        }
    }

    private static float[] floats(GgufTensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
}
