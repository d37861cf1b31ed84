package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.StoredWeights.Fp8Blocks;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Weights in FP8 against PyTorch's: {@code bench/reference/fp8.py}. The models of its folders are in
 * {@link FamilyParityTest}.
 */
class Fp8ParityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final String QUERY = "model.layers.0.self_attn.q_proj.weight";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"e4m3", "e5m2"})
    void everyCodeIsItsNumber(String format) {
        try (Safetensors golden = Safetensors.open(GOLDEN.resolve("fp8-codes.safetensors"));
                Scope scope = Scope.open()) {
            Tensor target = Tensors.empty(DType.FP32, Device.CPU, 16, 16);
            golden.readInto(Map.of(format, target));
            assertThat(target.toFloats())
                    .hasSize(256)
                    .containsExactly(golden.entry(format + ".numbers").tensor().toFloats());
        }
    }

    @ParameterizedTest
    @CsvSource({"FP32, 1", "FP32, 0.37", "BF16, 1", "BF16, 0.37"})
    void everyCodeIsItsNumberTimesTheScaleInTheTypeOfTheModel(DType dtype, float factor) {
        try (Safetensors golden = Safetensors.open(GOLDEN.resolve("fp8-codes.safetensors"));
                Scope scope = Scope.open()) {
            Tensor target = Tensors.empty(dtype, Device.CPU, 16, 16);
            TensorReads reads = new TensorReads();
            reads.add(golden.entry("e4m3"), new BlockScales(new float[] {factor}, new Fp8Blocks(16, 16), 16), target);
            reads.run();
            Tensor want = golden.entry("e4m3.numbers").tensor().mul(Tensors.full(factor, DType.FP32, Device.CPU, 1));
            assertThat(target.toFloats()).containsExactly(want.to(dtype).toFloats());
        }
    }

    @Test
    void blocksAtTheEdgesHaveTheirOwnScales() {
        try (Safetensors golden = Safetensors.open(GOLDEN.resolve("fp8-blocks.safetensors"));
                Scope scope = Scope.open()) {
            Safetensors.Entry weight = golden.entry("weight");
            Tensor around = Tensors.zeros(DType.FP32, Device.CPU, 132, 133);
            Tensor turned = Tensors.zeros(DType.FP32, Device.CPU, 133, 130);
            TensorReads reads = new TensorReads();
            BlockScales scales = BlockScales.of(golden.entry("weight_scale_inv"), new Fp8Blocks(128, 128), 133);
            reads.add(weight, scales, around.narrow(0, 1, 130));
            reads.add(weight, scales, turned.transpose(0, 1));
            reads.run();
            float[] want = golden.entry("numbers").tensor().toFloats();
            assertThat(around.narrow(0, 1, 130).toFloats()).containsExactly(want);
            assertThat(around.select(0, 0).toFloats()).containsExactly(new float[133]);
            assertThat(turned.transpose(0, 1).toFloats()).containsExactly(want);
        }
    }

    /** More rows than one piece has, so that a piece begins inside of a block. */
    @Test
    void piecesThatBeginInsideOfABlockFindTheirScales() throws IOException {
        int rows = 2100, columns = 1537, high = 3, wide = 13;
        try (Scope scope = Scope.open()) {
            Tensor codes =
                    Tensors.full(1, DType.FP32, Device.CPU, rows, columns).to(DType.FP8_E4M3);
            SafetensorsWriter.write(folder.resolve("large.safetensors"), Map.of("weight", codes));
            float[] scales = new float[high * wide];
            for (int i = 0; i < scales.length; i++) scales[i] = i;
            Tensor target = Tensors.empty(DType.FP32, Device.CPU, rows, columns);
            try (Safetensors file = Safetensors.open(folder.resolve("large.safetensors"))) {
                TensorReads reads = new TensorReads();
                reads.add(file.entry("weight"), new BlockScales(scales, new Fp8Blocks(1000, 128), columns), target);
                reads.run();
            }
            float[] got = target.toFloats();
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    float want = row / 1000 * wide + column / 128;
                    if (got[row * columns + column] != want) {
                        assertThat(got[row * columns + column])
                                .as("%d, %d", row, column)
                                .isEqualTo(want);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"deepseek-v3-fp8", "qwen3-fp8"})
    void whatIsSavedIsInFp8NoLonger(String name) throws IOException {
        ModelFolder source = ModelFolder.open(GOLDEN.resolve(name));
        assertThat(source.storedDtype()).isEqualTo(DType.BF16);
        try (Decoder model = source.load(source.storedDtype(), Device.CPU)) {
            ModelFolder.save(folder, source.family(), model);
        }
        assertThat(JSON.readTree(folder.resolve("config.json").toFile()).has("quantization_config"))
                .isFalse();
        try (Safetensors saved = Safetensors.open(folder.resolve("model.safetensors"))) {
            assertThat(saved.entries().keySet()).noneMatch(tensor -> tensor.endsWith("_scale_inv"));
            assertThat(saved.entries().values()).noneMatch(entry -> StoredWeights.isCode(entry.dtype()));
        }
    }

    @Test
    void refusesMissingScalesAndScalesOfAnotherShape() throws IOException {
        tensors(all -> all.remove(QUERY + "_scale_inv"));
        refuses(QUERY + " is in FP8, and its scales " + QUERY + "_scale_inv are missing");
        tensors(all -> all.put(QUERY + "_scale_inv", Tensors.full(1, DType.FP32, Device.CPU, 2, 1)));
        refuses("is FP32 [2, 1]; a weight [42, 40] in blocks of 128 x 128 wants numbers [1, 1]");
        tensors(all -> all.put(QUERY + "_scale_inv", Tensors.of(new int[] {1}, 1, 1)));
        refuses("wants numbers [1, 1]");
        tensors(all -> all.put("model.norm.weight_scale_inv", Tensors.full(1, DType.FP32, Device.CPU, 1)));
        refuses("holds 1 tensors that a qwen3 does not have, such as model.norm.weight_scale_inv");
        tensors(all -> all.put(
                "model.norm.weight", Tensors.full(1, DType.FP32, Device.CPU, 40).to(DType.FP8_E4M3)));
        refuses("model.norm.weight is in FP8 and has the shape [40]");
    }

    @Test
    void refusesScalesThatTheConfigurationDoesNotSpeakOf() throws IOException {
        tensors(all -> {});
        config(config -> config.remove("quantization_config"));
        refuses("_scale_inv");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "quant_method|\"gptq\"",
                "fmt|\"e5m2\"",
                "activation_scheme|\"static\"",
                "weight_block_size|[128]",
                "weight_block_size|[128, 0]",
                "weight_block_size|[128, 1.5]",
                "weight_block_size|\"128\"",
                "scale_fmt|\"int8\"",
                "expert_dtype|\"fp4\"",
                "bits|4"
            })
    void refusesWhatItDoesNotKnow(String key, String value) throws IOException {
        tensors(all -> {});
        config(config -> {
            try {
                ((ObjectNode) config.get("quantization_config")).set(key, JSON.readTree(value));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        refuses("\"" + key + "\"");
    }

    /** The blocks of the golden folder are larger than its matrices, so that each has one scale. */
    @ParameterizedTest
    @ValueSource(strings = {"tensor", "channel", "fp8", "fbgemm_fp8"})
    void aScaleForEachRowOrForAllIsThatOfABlock(String kind) throws IOException {
        String ending = kind.equals("fp8") ? "_scale_inv" : "_scale";
        boolean rows = kind.equals("channel") || kind.equals("fbgemm_fp8");
        tensors(all -> Map.copyOf(all).forEach((name, codes) -> {
            if (codes.dtype() != DType.FP8_E4M3) return;
            Tensor scale =
                    Objects.requireNonNull(all.remove(name + "_scale_inv")).reshape(1);
            all.put(name + ending, rows ? scale.expand(codes.size(0), 1).contiguous() : scale);
            if (kind.equals("tensor")) all.put(name.replace("weight", "input_scale"), scale.mul(2));
        }));
        config(config -> config.set("quantization_config", quantization(kind)));
        try (Decoder model = ModelFolder.open(folder).load(DType.FP32, Device.CPU);
                Decoder golden = ModelFolder.open(GOLDEN.resolve("qwen3-fp8")).load(DType.FP32, Device.CPU)) {
            model.weights()
                    .byName()
                    .forEach((name, weight) -> assertThat(weight.toFloats())
                            .as(name)
                            .containsExactly(golden.weights().get(name).toFloats()));
        }
    }

    private static JsonNode quantization(String kind) {
        String json = switch (kind) {
            case "fp8" -> "{'quant_method': 'fp8', 'weight_block_size': null}";
            case "fbgemm_fp8" -> "{'quant_method': 'fbgemm_fp8', 'activation_scale_ub': 1200.0}";
            default ->
                "{'quant_method': 'compressed-tensors', 'format': 'float-quantized', 'ignore': ['lm_head'],"
                        + "'kv_cache_scheme': null, 'quantization_status': 'compressed', 'config_groups': {'group_0':"
                        + "{'targets': ['Linear'], 'weights': {'num_bits': 8, 'type': 'float', 'symmetric': true,"
                        + "'strategy': '" + kind + "'}}}}";
        };
        try {
            return JSON.readTree(json.replace('\'', '"'));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void refusesWhatCompressedTensorsCannotBeReadAs() throws IOException {
        tensors(all -> {});
        config(config -> config.set("quantization_config", quantization("group")));
        refuses("\"config_groups\"");
        config(config -> config.set("quantization_config", quantization("channel")));
        refuses(QUERY + "_scale are missing");
        tensors(all -> all.put(QUERY + "_scale", Tensors.full(1, DType.FP32, Device.CPU, 3, 1)));
        config(config -> config.set("quantization_config", quantization("channel")));
        refuses("is FP32 [3, 1]; a weight [42, 40] wants one number or [42, 1]");
    }

    /** Copies the golden folder with other tensors. */
    private void tensors(Consumer<Map<String, Tensor>> change) throws IOException {
        Path golden = GOLDEN.resolve("qwen3-fp8");
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
        try (Safetensors file = Safetensors.open(golden.resolve("model.safetensors"));
                Scope scope = Scope.open()) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            file.entries().forEach((name, entry) -> all.put(name, entry.tensor()));
            change.accept(all);
            SafetensorsWriter.write(folder.resolve("model.safetensors"), all);
        }
    }

    private void config(Consumer<ObjectNode> change) throws IOException {
        Path file = folder.resolve("config.json");
        ObjectNode config = (ObjectNode) JSON.readTree(file.toFile());
        change.accept(config);
        Files.write(file, JSON.writeValueAsBytes(config));
    }

    private void refuses(String message) {
        assertThatThrownBy(() -> ModelFolder.open(folder).load(DType.FP32, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
    }
}
