package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.EncoderInput;
import dev.crema.model.Model;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** A golden folder of an encoder or encoder-decoder: a generated checkpoint and what transformers makes of it. */
final class Golden implements AutoCloseable {
    private static final float NOTHING = 1e-6f;

    private final ModelFolder source;
    private final Safetensors expected;

    private Golden(ModelFolder source, Safetensors expected) {
        this.source = source;
        this.expected = expected;
    }

    static Iterable<Path> folders(String kind) throws IOException {
        try (var folders = Files.list(Path.of("src/test/resources/golden", kind))) {
            return folders.sorted().toList();
        }
    }

    static Golden open(Path folder, Path generated) throws IOException {
        return new Golden(
                ModelFolder.open(GeneratedCheckpoint.of(folder, generated)),
                Safetensors.open(folder.resolve("expected.safetensors")));
    }

    ModelFolder source() {
        return source;
    }

    <M extends Model> M load(Class<M> kind) {
        return source.load(kind, DType.FP32, Device.CPU);
    }

    boolean has(String name) {
        return expected.entries().containsKey(name);
    }

    Tensor tensor(String name) {
        return expected.entry(name).tensor();
    }

    /** Returns rows with padding where the mask has zeros, and positions counted over all columns unless they are given. */
    EncoderInput input(String prefix) {
        Tensor ids = tensor(prefix + "input_ids");
        long rows = ids.size(0), tokens = ids.size(1);
        Tensor positions = has(prefix + "position_ids")
                ? tensor(prefix + "position_ids")
                : Tensors.arange(tokens, Device.CPU).unsqueeze(0).expand(rows, tokens);
        Tensor types = has(prefix + "token_type_ids") ? tensor(prefix + "token_type_ids") : Tensors.zerosLike(ids);
        Tensor texts = tensor(prefix + "attention_mask").add(-1).to(DType.INT64);
        return new EncoderInput(ids, positions, types, texts, false);
    }

    /** Returns the mask as numbers that hidden states {@code [B, T, D]} can be multiplied with. */
    Tensor shown(String prefix) {
        return tensor(prefix + "attention_mask").to(DType.FP32).unsqueeze(2);
    }

    void assertClose(Tensor actual, String name) {
        float[] a = actual.toFloats(), e = tensor(name).toFloats();
        assertThat(a).as(name).hasSameSizeAs(e);
        double scale = 0, worst = 0;
        for (int i = 0; i < a.length; i++) {
            scale = Math.max(scale, Math.abs(e[i]));
            worst = Math.max(worst, Math.abs(a[i] - e[i]));
        }
        assertThat(worst).as("largest difference in %s", name).isLessThanOrEqualTo(1e-4 * scale);
    }

    /** Compares all gradients that the golden file names. */
    void assertGradients(Model model) {
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        model.weights().byName().forEach((name, weight) -> {
            if (weight.hasGrad()) gradients.put(name, weight.grad());
        });
        Map<String, Tensor> theirs = ModelFolder.theirs(source.family(), model.config(), gradients);
        int compared = 0;
        for (String name : expected.entries().keySet()) {
            if (!name.startsWith("grad.")) continue;
            String parameter = name.substring(5);
            assertThat(theirs).containsKey(parameter);
            float[] gradient = Objects.requireNonNull(theirs.get(parameter)).toFloats();
            float[] probes = tensor(name).toFloats();
            // What is added to all keys changes no softmax: the gradient of their bias is rounding alone.
            if (probes[0] < NOTHING) {
                for (float g : gradient) assertThat(g).as(parameter).isBetween(-NOTHING, NOTHING);
            } else {
                GeneratedCheckpoint.assertProbes(parameter, gradient, probes, 1e-3);
            }
            compared++;
        }
        assertThat(compared).isEqualTo(theirs.size());
    }

    /** Saves the model below {@code target/saved}, where the reference script looks, and compares all that loads again. */
    void assertSaves(Model model, String kind) throws IOException {
        Path folder = Path.of("target/saved", kind, String.valueOf(source.path().getFileName()));
        ModelFolder.save(folder, source.family(), model);
        ModelFolder saved = ModelFolder.open(folder);
        assertThat(saved.description()).isEqualTo(source.description());
        try (Model again = saved.load(Model.class, DType.FP32, Device.CPU)) {
            model.weights()
                    .byName()
                    .forEach((name, weight) -> assertThat(
                                    again.weights().get(name).toFloats())
                            .as(name)
                            .containsExactly(weight.toFloats()));
        }
    }

    @Override
    public void close() {
        expected.close();
    }
}
