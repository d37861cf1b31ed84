package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.Decoder;
import dev.crema.model.RotaryScaling;
import dev.crema.model.RoutingSpec;
import dev.crema.model.Visibility;
import dev.crema.model.Weights;
import dev.crema.model.checkpoint.gguf.GgufModelWriter;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes transformers' golden checkpoints as GGUF and reads them back. */
class GgufRoundTripTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    /** Of Q8_0, with what its scale loses in 16 bits. */
    private static final double HALF_A_STEP = 0.5 / 127 + 1.0 / 2048;

    @TempDir
    static Path generated;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gpt2-odd-inner",
                "gpt2-untied",
                "llama-biased",
                "llama-scaled-rope",
                "qwen2-tied",
                "qwen2-untied",
                "qwen3-tied",
                "mixtral-odd-heads",
                "deepseek-v2-yarn",
                "deepseek-v3-yarn",
                "mistral-window",
                "phi3-long",
                "phi3-window"
            })
    void comesBackEqual(String name) throws IOException {
        ModelFolder golden = ModelFolder.open(GeneratedCheckpoint.of(GOLDEN.resolve(name), generated));
        Path file = folder.resolve("model.gguf");
        try (Decoder model = golden.load(DType.FP32, Device.CPU)) {
            write(file, golden, model, GgmlType.F32);
            ModelFolder written = ModelFolder.open(file);
            assertThat(written.family()).isEqualTo(golden.family());
            assertThat(ConfigDifference.find(written.config(), golden.config())).isEmpty();
            assertThat(written.storedDtype()).isEqualTo(DType.FP32);
            try (Decoder again = written.load(DType.FP32, Device.CPU);
                    Scope scope = Scope.open();
                    var off = Autograd.off()) {
                assertThat(again.weights().byName().keySet())
                        .isEqualTo(model.weights().byName().keySet());
                model.weights()
                        .byName()
                        .forEach((weight, values) -> assertThat(
                                        again.weights().get(weight).toFloats())
                                .as(weight)
                                .isEqualTo(values.toFloats()));
                try (Safetensors expected =
                        Safetensors.open(GOLDEN.resolve(name).resolve("expected.safetensors"))) {
                    Tensor logits = logits(again, expected.entry("input_ids").tensor());
                    float[] want = expected.entry("logits").tensor().toFloats();
                    assertThat(logits.toFloats()).containsExactly(want, offset(2e-4f));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"F16", "BF16", "Q8_0", "Q4_0"})
    void comesBackRounded(GgmlType type) throws IOException {
        comesBackRounded(Family.LLAMA, new FeedForwardSpec.Gated(128, ArchConfig.Activation.SILU, false), type);
        comesBackRounded(
                Family.MIXTRAL,
                new FeedForwardSpec.Experts(96, RoutingSpec.topK(3, 2, true), new FeedForwardSpec.SharedExpert.None()),
                type);
    }

    private void comesBackRounded(Family family, FeedForwardSpec feedForward, GgmlType type) throws IOException {
        // Rows of 64 and more: whole blocks.
        ArchConfig config = new ArchConfig(
                96,
                64,
                2,
                32,
                new ArchConfig.AttentionSpec.GroupedQuery(4, 2, 16, false, false),
                feedForward,
                new ArchConfig.NormSpec.RmsNorm(1e-5),
                new ArchConfig.PositionSpec.Rotary(10_000, new RotaryScaling.None()),
                false);
        Path file = folder.resolve(family + ".gguf");
        try (Decoder model = Decoder.of(config, Weights.random(config, DType.FP32, Device.CPU, 0.05, 3));
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            GgufModelWriter.write(
                    file,
                    family.modelType(),
                    config,
                    ModelFolder.theirs(family, config, model.weights().byName()),
                    Map.of(),
                    type);
            try (Decoder again = ModelFolder.open(file).load(DType.FP32, Device.CPU)) {
                model.weights().byName().forEach((name, values) -> {
                    float[] before = values.toFloats(),
                            after = again.weights().get(name).toFloats();
                    boolean whole = values.rank() == 1 || name.contains("router");
                    double step = whole ? 0 : relativeStep(type, name.equals("head.weight"));
                    for (int i = 0; i < before.length; i++) {
                        float largest = largestAround(before, i);
                        assertThat((double) after[i]).as(name).isCloseTo(before[i], within(step * largest));
                    }
                });
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "qwen3-biased, attention.inputBias is false",
        "gemma2-capped, attention.scale is 0.31",
        "gemma3-biased, attention.inputBias is false",
        "qwen2-moe-unbiased, routing.normalised is false",
        "qwen3-moe-sparse-step, attention.inputBias is false",
        "deepseek-v2-groups, attention.bias is false",
        "deepseek-v3-halves, attention.interleaved is true",
        "mistral-some-layers, attention.window.slides",
        "llama-dynamic, known are none",
        "llama-yarn, magnitude.mscale is 1.0",
        "qwen2-window, attention.window",
        "olmo2-tied, tiedHead is false"
    })
    void refusesWhatGgufHasNoWordsFor(String name, String part) throws IOException {
        ModelFolder golden = ModelFolder.open(GeneratedCheckpoint.of(GOLDEN.resolve(name), generated));
        assertThatThrownBy(() -> GgufExport.check(golden.family(), golden.config(), GgmlType.F32))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(part)
                .hasMessageNotContaining("\n");
    }

    @Test
    void refusesATypeThatIsOnlyRead() throws IOException {
        ModelFolder golden = ModelFolder.open(GeneratedCheckpoint.of(GOLDEN.resolve("qwen3-tied"), generated));
        assertThatThrownBy(() -> GgufExport.check(golden.family(), golden.config(), GgmlType.Q4_K))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("q4_k is only read");
    }

    /** The largest error, as a share of the largest magnitude of a block. */
    private static double relativeStep(GgmlType type, boolean head) {
        return switch (type) {
            case F16 -> 1.0 / 2048;
            case BF16 -> 1.0 / 256;
            case Q4_0 -> head ? HALF_A_STEP : 1.001 / 8; // what lies opposite of the largest is cut off at 7 of 8
            default -> HALF_A_STEP;
        };
    }

    private static float largestAround(float[] values, int index) {
        float largest = 0;
        for (int i = index / 32 * 32; i < index / 32 * 32 + 32; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    private static void write(Path file, ModelFolder source, Decoder model, GgmlType type) throws IOException {
        Map<String, GgufValue> described = Map.of("general.name", new GgufValue.Text("golden"));
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Map<String, Tensor> weights = ModelFolder.theirs(
                    source.family(), source.config(), model.weights().byName());
            GgufExport.check(source.family(), source.config(), type);
            GgufModelWriter.write(file, source.family().modelType(), source.config(), weights, described, type);
        }
    }

    private static Tensor logits(Decoder model, Tensor ids) {
        Tensor positions = model.positions(ids.size(0), ids.size(1));
        return model.logits(model.hiddenStates(ids, positions, new Visibility.Causal()));
    }
}
