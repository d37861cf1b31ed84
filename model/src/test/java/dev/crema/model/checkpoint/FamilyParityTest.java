package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.model.KvCache;
import dev.crema.model.RouterTrace;
import dev.crema.model.TrainingPass;
import dev.crema.model.Visibility;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against checkpoints and results written by transformers: {@code bench/reference/families.py}. */
class FamilyParityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    /** What is saved stays here, for transformers to load it. */
    private static final Path SAVED = Path.of("target/saved/families");

    @TempDir
    static Path generated;

    static Stream<Path> checkpoints() throws IOException {
        try (var folders = Files.list(GOLDEN)) {
            return folders.filter(f -> Files.exists(f.resolve("expected.safetensors"))).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void logitsAgree(Path folder) throws IOException {
        try (Decoder model = ModelFolder.open(GeneratedCheckpoint.of(folder, generated))
                        .load(DType.FP32, Device.CPU);
                Safetensors expected = Safetensors.open(folder.resolve("expected.safetensors"));
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor ids = expected.entry("input_ids").tensor();
            Tensor positions = model.positions(ids.size(0), ids.size(1));
            close(model.logits(model.hiddenStates(ids, positions, new Visibility.Causal())), expected, "logits", 1e-4);

            Tensor packed = model.hiddenStates(
                    expected.entry("packed.input_ids").tensor(),
                    expected.entry("packed.position_ids").tensor(),
                    new Visibility.Documents(
                            expected.entry("packed.document_ids").tensor()));
            close(model.logits(packed), expected, "packed.logits", 1e-4);
        }
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void cachedDecodingOfPaddedRowsAgrees(Path folder) throws IOException {
        try (Decoder model = ModelFolder.open(GeneratedCheckpoint.of(folder, generated))
                        .load(DType.FP32, Device.CPU);
                Safetensors expected = Safetensors.open(folder.resolve("expected.safetensors"));
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor ids = expected.entry("padded.input_ids").tensor();
            int rows = (int) ids.size(0), tokens = (int) ids.size(1);
            long[] mask = expected.entry("padded.attention_mask").tensor().toLongs();
            int[] starts = new int[rows];
            for (int row = 0; row < rows; row++) while (mask[row * tokens + starts[row]] == 0) starts[row]++;
            float[] want = expected.entry("padded.logits").tensor().toFloats();
            try (KvCache cache = KvCache.of(model.config(), starts, tokens, DType.FP32, Device.CPU)) {
                int prefill = tokens - 5;
                float[] got = model.logits(model.hiddenStates(ids.narrow(1, 0, prefill), cache))
                        .toFloats();
                compare(got, want, starts, 0, prefill, tokens);
                for (int t = prefill; t < tokens; t++) {
                    got = model.logits(model.hiddenStates(ids.narrow(1, t, 1), cache))
                            .toFloats();
                    compare(got, want, starts, t, 1, tokens);
                }
            }
        }
    }

    private static void compare(float[] got, float[] want, int[] starts, int from, int count, int tokens) {
        int vocabulary = got.length / starts.length / count;
        for (int row = 0; row < starts.length; row++) {
            for (int t = Math.max(from, starts[row]); t < from + count; t++) {
                for (int v = 0; v < vocabulary; v++) {
                    float a = got[(row * count + t - from) * vocabulary + v];
                    float e = want[(row * tokens + t) * vocabulary + v];
                    assertThat(Math.abs(a - e))
                            .as("row %d token %d", row, t)
                            .isLessThan(1e-4f * Math.max(1, scale(want)));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void lossAndGradientsAgreeByName(Path folder) throws IOException {
        ModelFolder source = ModelFolder.open(GeneratedCheckpoint.of(folder, generated));
        for (Activations activations : Activations.values()) {
            try (Decoder model = source.load(DType.FP32, Device.CPU);
                    Safetensors expected = Safetensors.open(folder.resolve("expected.safetensors"));
                    Tape tape = Tape.open()) {
                model.weights().requireGrad(true);
                Tensor ids = expected.entry("input_ids").tensor();
                long rows = ids.size(0), tokens = ids.size(1);
                Tensor positions = model.positions(rows, tokens);
                RouterTrace trace = RouterTrace.of(0, new float[(int) ids.elements()]);
                TrainingPass pass =
                        new TrainingPass(positions, new Visibility.Causal(), activations, Dropout.NONE, trace);
                Tensor leaf = tape.cut(model.hiddenStates(ids, pass));
                Tensor logits = model.logits(leaf).narrow(1, 0, tokens - 1).reshape(rows * (tokens - 1), -1);
                Tensor labels = expected.entry("labels")
                        .tensor()
                        .narrow(1, 1, tokens - 1)
                        .reshape(-1);
                long counted = Stream.of(labels.toLongs())
                        .flatMapToLong(java.util.Arrays::stream)
                        .filter(l -> l >= 0)
                        .count();
                Tensor loss = Functions.crossEntropySum(logits, labels).div(counted);
                close(loss.reshape(1), expected, "loss", 1e-4);
                loss.backward();
                tape.backward();
                Map<String, Tensor> gradients = new LinkedHashMap<>();
                model.weights().byName().forEach((name, weight) -> {
                    if (weight.hasGrad()) gradients.put(name, weight.grad());
                });
                Map<String, Tensor> theirs = ModelFolder.theirs(source.family(), model.config(), gradients);
                for (String name : expected.entries().keySet()) {
                    if (!name.startsWith("grad.")) continue;
                    String parameter = name.substring(5);
                    assertThat(theirs).containsKey(parameter);
                    float[] gradient =
                            Objects.requireNonNull(theirs.get(parameter)).toFloats();
                    float[] probes = expected.entry(name).tensor().toFloats();
                    GeneratedCheckpoint.assertProbes(parameter, gradient, probes, 1e-3);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void aSavedModelLoadsAgain(Path folder) throws IOException {
        Path target = SAVED.resolve(folder.getFileName());
        ModelFolder source = ModelFolder.open(GeneratedCheckpoint.of(folder, generated));
        try (Decoder model = source.load(DType.FP32, Device.CPU)) {
            ModelFolder.save(target, source.family(), model);
            ModelFolder saved = ModelFolder.open(target);
            assertThat(saved.config()).isEqualTo(source.config());
            try (Decoder again = saved.load(DType.FP32, Device.CPU)) {
                model.weights()
                        .byName()
                        .forEach((name, weight) -> assertThat(
                                        again.weights().get(name).toFloats())
                                .as(name)
                                .containsExactly(weight.toFloats()));
            }
        }
    }

    private static float scale(float[] values) {
        float scale = 0;
        for (float value : values) scale = Math.max(scale, Math.abs(value));
        return scale;
    }

    private static void close(Tensor actual, Safetensors expected, String name, double tolerance) {
        float[] a = actual.toFloats();
        float[] e = Tensors.over(
                        expected.entry(name).memory(),
                        DType.FP32,
                        expected.entry(name).shape())
                .toFloats();
        assertThat(a).as(name).hasSameSizeAs(e);
        double limit = tolerance * scale(e), worst = 0;
        for (int i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - e[i]));
        assertThat(worst).as("largest difference in %s", name).isLessThanOrEqualTo(limit);
    }
}
