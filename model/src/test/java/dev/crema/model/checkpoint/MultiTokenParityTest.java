package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.model.RouterTrace;
import dev.crema.model.TrainingPass;
import dev.crema.model.Visibility;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that predict further ahead: {@code bench/reference/multi_token.py}, written from DeepSeek-V3's paper. */
class MultiTokenParityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final double WEIGHT = 0.3;
    private static final String EMBEDDING = "model.layers.2.embed_tokens.weight";
    private static final String HEAD = "model.layers.2.shared_head.head.weight";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    private Path folder;

    static Stream<String> checkpoints() {
        return Stream.of("deepseek-v3-ahead", "deepseek-v3-ahead-tied");
    }

    private ModelFolder open(String name) throws IOException {
        return ModelFolder.open(GeneratedCheckpoint.of(GOLDEN.resolve(name), folder));
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void hiddenStatesLossesAndGradientsAgree(String name) throws IOException {
        ModelFolder source = open(name);
        for (Activations activations : Activations.values()) {
            try (Decoder model = source.load(DType.FP32, Device.CPU);
                    Safetensors main = Safetensors.open(GOLDEN.resolve(name).resolve("expected.safetensors"));
                    Safetensors expected = Safetensors.open(GOLDEN.resolve(name).resolve("multi_token.safetensors"));
                    Tape tape = Tape.open()) {
                model.weights().requireGrad(true);
                Tensor ids = main.entry("input_ids").tensor(),
                        labels = main.entry("labels").tensor();
                long rows = ids.size(0), tokens = ids.size(1);
                long count = Arrays.stream(labels.narrow(1, 1, tokens - 1).toLongs())
                        .filter(label -> label >= 0)
                        .count();
                RouterTrace trace = RouterTrace.of(0, new float[(int) ids.elements()]);
                TrainingPass pass = new TrainingPass(
                        model.positions(rows, tokens), new Visibility.Causal(), activations, Dropout.NONE, trace);
                Tensor hidden = model.hiddenStates(ids, pass);
                Tensor total = loss(model, hidden, labels, 1).div(count);
                int depths = model.config().multiTokenLayers();
                for (int depth = 1; depth <= depths; depth++) {
                    hidden = model.hiddenStatesAhead(depth, hidden, shifted(ids, depth), pass);
                    assertClose(hidden.narrow(1, 0, tokens - depth), expected, "hidden." + depth);
                    Tensor loss = loss(model, hidden, labels, depth + 1).div(count);
                    assertThat(loss.item())
                            .isCloseTo(expected.entry("loss." + depth).tensor().item(), within(1e-4));
                    total = total.add(loss.mul(WEIGHT / depths));
                }
                assertThat(trace.loads()).containsKeys(1, 2); // layer 0 is dense
                total.backward();
                assertGradients(source, model, expected);
            }
        }
    }

    /** Returns each token's follower by so many places; the last ones, which have none, get one without meaning. */
    private static Tensor shifted(Tensor ids, int by) {
        long tokens = ids.size(1);
        return Tensor.concat(List.of(ids.narrow(1, by, tokens - by), ids.narrow(1, 0, by)), 1);
    }

    private static Tensor loss(Decoder model, Tensor hidden, Tensor labels, int ahead) {
        long size = hidden.size(1) - ahead;
        Tensor logits = model.logits(hidden.narrow(1, 0, size)).reshape(hidden.size(0) * size, -1);
        return Functions.crossEntropySum(logits, labels.narrow(1, ahead, size).reshape(-1));
    }

    private static void assertClose(Tensor actual, Safetensors expected, String name) {
        float[] a = actual.toFloats(), e = expected.entry(name).tensor().toFloats();
        assertThat(a).as(name).hasSameSizeAs(e);
        double scale = 0, worst = 0;
        for (int i = 0; i < a.length; i++) {
            scale = Math.max(scale, Math.abs(e[i]));
            worst = Math.max(worst, Math.abs(a[i] - e[i]));
        }
        assertThat(worst).as("largest difference in %s", name).isLessThanOrEqualTo(1e-4 * scale);
    }

    private static void assertGradients(ModelFolder source, Decoder model, Safetensors expected) {
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        model.weights().byName().forEach((weight, tensor) -> {
            if (tensor.hasGrad()) gradients.put(weight, tensor.grad());
        });
        Map<String, Tensor> theirs = ModelFolder.theirs(source.family(), model.config(), gradients);
        List<String> compared = new ArrayList<>();
        for (String name : expected.entries().keySet()) {
            if (!name.startsWith("grad.")) continue;
            String parameter = name.substring(5);
            float[] gradient =
                    Objects.requireNonNull(theirs.get(parameter), parameter).toFloats();
            GeneratedCheckpoint.assertProbes(
                    parameter, gradient, expected.entry(name).tensor().toFloats(), 1e-3);
            compared.add(parameter);
        }
        assertThat(compared).hasSameSizeAs(theirs.keySet()).contains("model.layers.2.eh_proj.weight");
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void copiesOfEmbeddingAndHeadAreWrittenAndReadAgain(String name) throws IOException {
        ModelFolder source = open(name);
        Path saved = folder.resolve("saved");
        try (Decoder model = source.load(DType.FP32, Device.CPU)) {
            ModelFolder.save(saved, source.family(), model);
            try (Safetensors file = Safetensors.open(saved.resolve("model.safetensors"));
                    Scope scope = Scope.open()) {
                float[] head = model.head().weight().toFloats();
                assertThat(file.entry(EMBEDDING).tensor().toFloats())
                        .containsExactly(model.weights().get("tokens.weight").toFloats());
                assertThat(file.entry(HEAD).tensor().toFloats()).containsExactly(head);
            }
            try (Decoder again = ModelFolder.open(saved).load(DType.FP32, Device.CPU)) {
                assertThat(again.config()).isEqualTo(model.config());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {EMBEDDING, HEAD})
    void refusesACopyThatIsNone(String name) throws IOException {
        save("deepseek-v3-ahead-tied", all -> {
            Tensor other = Objects.requireNonNull(all.get(name)).copy();
            other.narrow(0, 60, 1).fillInPlace(1);
            all.put(name, other);
        });
        assertThatThrownBy(() -> ModelFolder.open(folder.resolve("saved")).load(DType.FP32, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(name + " is not the same as model.embed_tokens.weight");
    }

    /** As transformers saves a model: config.json speaks of the layers, the weights are gone. */
    @Test
    void weightsWithoutTheLayersAreAModelWithoutThem() throws IOException {
        save("deepseek-v3-ahead", all -> all.keySet().removeIf(name -> name.matches("model\\.layers\\.[23]\\..*")));
        ModelFolder without = ModelFolder.open(folder.resolve("saved"));
        assertThat(without.config().multiTokenLayers()).isZero();
        without.load(DType.FP32, Device.CPU).close();
    }

    @Test
    void refusesLayersOfWhichOneIsMissing() throws IOException {
        save("deepseek-v3-ahead", all -> all.keySet().removeIf(name -> name.startsWith("model.layers.3.")));
        assertThatThrownBy(() -> ModelFolder.open(folder.resolve("saved")).load(DType.FP32, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("lacks the tensor model.layers.3.");
    }

    @Test
    void refusesTheLayersInAV2() throws IOException {
        Path copy = folder.resolve("v2");
        Files.createDirectories(copy);
        ObjectNode config = (ObjectNode)
                JSON.readTree(GOLDEN.resolve("deepseek-v2-greedy/config.json").toFile());
        config.put("num_nextn_predict_layers", 1);
        Files.write(copy.resolve("config.json"), JSON.writeValueAsBytes(config));
        assertThatThrownBy(() -> ModelFolder.open(copy))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("\"num_nextn_predict_layers\": 1 is not supported");
    }

    private void save(String name, Consumer<Map<String, Tensor>> change) throws IOException {
        ModelFolder source = open(name);
        Path saved = folder.resolve("saved");
        try (Decoder model = source.load(DType.FP32, Device.CPU)) {
            ModelFolder.save(saved, source.family(), model);
        }
        Map<String, Tensor> all = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(saved.resolve("model.safetensors"));
                Scope scope = Scope.open()) {
            file.entries().forEach((each, entry) -> all.put(each, entry.tensor().copy()));
            change.accept(all);
            SafetensorsWriter.write(folder.resolve("other.safetensors"), all);
        }
        Files.move(
                folder.resolve("other.safetensors"),
                saved.resolve("model.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
    }
}
