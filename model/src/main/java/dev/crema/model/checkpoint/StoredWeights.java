package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** How a folder stores the weights of a model, as {@code quantization_config} in {@code config.json} says. */
sealed interface StoredWeights {
    /** Each tensor holds its weights themselves. */
    record Plain() implements StoredWeights {}

    /**
     * Matrices in FP8, of which each block of {@code rows x columns} has a scale: the tensor {@code X} has a second one,
     * {@code X_scale_inv}, of one number a block, those at the edges included (DeepSeek-V3, 2024, section 3.3.2). What is
     * not in FP8 stands for itself.
     */
    record Fp8Blocks(int rows, int columns) implements StoredWeights {}

    /**
     * Matrices in FP8 with a scale for each row or one for all: the tensor {@code X} has a second one, {@code X} and the
     * ending ({@code _scale} of compressed-tensors and of FBGEMM). What is not in FP8 stands for itself.
     */
    record Fp8Rows(String ending) implements StoredWeights {}

    /** The scales of a weight, and how much of it each is for. */
    record Scale(Safetensors.Entry entry, Fp8Blocks block) {}

    /**
     * Reads how the weights are stored.
     *
     * @throws InputException if in a way that is not known
     */
    static StoredWeights read(ConfigJson json) {
        if (!json.has("quantization_config")) return new Plain();
        ConfigJson own = json.object("quantization_config");
        StoredWeights stored = switch (own.text("quant_method", "")) {
            case "fp8" -> fineGrained(own);
            case "compressed-tensors" -> compressed(own);
            case "fbgemm_fp8" -> {
                // How activations are rounded in the products: with weights in full there is no need to.
                own.node("activation_scale_ub");
                own.node("modules_to_not_convert");
                yield new Fp8Rows("_scale");
            }
            default -> {
                own.require(false, "quant_method");
                yield new Plain();
            }
        };
        own.finish();
        return stored;
    }

    private static StoredWeights fineGrained(ConfigJson own) {
        own.require(own.text("fmt", "e4m3").equals("e4m3"), "fmt");
        own.require(own.text("expert_dtype", "fp8").equals("fp8"), "expert_dtype");
        // Scales of powers of two only are numbers like others.
        String scales = own.text("scale_fmt", "float");
        own.require(scales.equals("float") || scales.equals("ue8m0"), "scale_fmt");
        own.require(own.text("activation_scheme", "dynamic").equals("dynamic"), "activation_scheme");
        // Which tensors are in FP8 the tensors say themselves.
        for (String key : new String[] {"modules_to_not_convert", "modules_to_convert", "ignored_layers", "dequantize"})
            own.node(key);
        JsonNode size = own.node("weight_block_size");
        if (size.isMissingNode()) return new Fp8Blocks(128, 128);
        if (size.isNull()) return new Fp8Rows("_scale_inv");
        own.require(
                size.isArray() && size.size() == 2 && extent(size.get(0)) && extent(size.get(1)), "weight_block_size");
        return new Fp8Blocks(size.get(0).asInt(), size.get(1).asInt());
    }

    private static StoredWeights compressed(ConfigJson own) {
        String format = own.text("format", "float-quantized");
        own.require(format.equals("float-quantized") || format.equals("naive-quantized"), "format");
        own.require(own.text("quantization_status", "compressed").equals("compressed"), "quantization_status");
        own.require(!own.has("kv_cache_scheme"), "kv_cache_scheme");
        for (String key : new String[] {"sparsity_config", "transform_config"}) {
            JsonNode none = own.node(key);
            own.require(
                    none.isMissingNode()
                            || none.isNull()
                            || none.isEmpty()
                            || none.path("format").asText().equals("dense"),
                    key);
        }
        for (String key : new String[] {"ignore", "global_compression_ratio", "version", "kv_cache_scheme"})
            own.node(key);
        own.require(own.has("config_groups"), "config_groups");
        for (JsonNode group : own.node("config_groups")) {
            JsonNode weights = group.path("weights");
            String strategy = weights.path("strategy").asText();
            own.require(
                    weights.path("num_bits").asInt() == 8
                            && weights.path("type").asText().equals("float")
                            && weights.path("symmetric").asBoolean(true)
                            && (strategy.equals("channel") || strategy.equals("tensor")),
                    "config_groups");
        }
        return new Fp8Rows("_scale");
    }

    private static boolean extent(JsonNode size) {
        return size.canConvertToInt() && size.isIntegralNumber() && size.asInt() > 0;
    }

    /** Tells whether elements of a type are codes, to store numbers and not to compute with them. */
    static boolean isCode(DType dtype) {
        return dtype == DType.FP8_E4M3 || dtype == DType.FP8_E5M2;
    }

    /**
     * Finds the scales of a weight, if it has any.
     *
     * @throws InputException if it ought to have some and they are missing or of another shape
     */
    default Optional<Scale> scale(Shards shards, Safetensors.Entry weight) {
        if (weight.dtype() != DType.FP8_E4M3) return Optional.empty();
        return switch (this) {
            case Plain plain -> Optional.empty();
            case Fp8Blocks blocks -> Optional.of(blockScale(blocks, entry(shards, weight, "_scale_inv"), weight));
            case Fp8Rows(String ending) -> Optional.of(rowScale(entry(shards, weight, ending), weight));
        };
    }

    private static Safetensors.Entry entry(Shards shards, Safetensors.Entry weight, String ending) {
        if (weight.shape().length != 2) {
            throw new InputException(weight.file() + ": " + weight.name() + " is in FP8 and has the shape "
                    + Arrays.toString(weight.shape()) + "; scales are for matrices");
        }
        Safetensors.Entry scale = shards.entries().get(weight.name() + ending);
        if (scale == null) {
            throw new InputException(weight.file() + ": " + weight.name() + " is in FP8, and its scales "
                    + weight.name() + ending + " are missing: copy or pull the folder again");
        }
        return scale;
    }

    private static Scale blockScale(Fp8Blocks blocks, Safetensors.Entry scale, Safetensors.Entry weight) {
        long[] shape = weight.shape();
        long[] wanted = {Math.ceilDiv(shape[0], blocks.rows()), Math.ceilDiv(shape[1], blocks.columns())};
        if (!Arrays.equals(scale.shape(), wanted) || !scale.dtype().floating()) {
            throw wrong(
                    scale,
                    weight,
                    "in blocks of " + blocks.rows() + " x " + blocks.columns() + " wants numbers "
                            + Arrays.toString(wanted));
        }
        return new Scale(scale, blocks);
    }

    private static Scale rowScale(Safetensors.Entry scale, Safetensors.Entry weight) {
        long[] shape = weight.shape();
        long count = Arrays.stream(scale.shape()).reduce(1, (a, b) -> a * b);
        boolean alongRows = scale.shape().length <= 1 || scale.shape()[0] == count;
        if (!(count == 1 || count == shape[0] && alongRows) || !scale.dtype().floating()) {
            throw wrong(scale, weight, "wants one number or [" + shape[0] + ", 1]");
        }
        int rows = Math.toIntExact(count == 1 ? shape[0] : 1);
        return new Scale(scale, new Fp8Blocks(rows, Math.toIntExact(shape[1])));
    }

    private static InputException wrong(Safetensors.Entry scale, Safetensors.Entry weight, String wanted) {
        return new InputException(scale.file() + ": " + scale.name() + " is " + scale.dtype() + " "
                + Arrays.toString(scale.shape()) + "; a weight " + Arrays.toString(weight.shape()) + " " + wanted);
    }

    /** Returns the names of what lies beside a weight and is not one: its scales, and those of what it is multiplied with. */
    default List<String> besides(Shards shards, Safetensors.Entry weight) {
        List<String> names = new ArrayList<>();
        scale(shards, weight).ifPresent(scale -> {
            names.add(scale.entry().name());
            // Activations were rounded by it; with weights in full there is no need to.
            names.add(weight.name().replaceFirst("weight$", "input_scale"));
        });
        return names;
    }

    /** Plans to fill a tensor, which may be a view, with a weight of its shape. */
    default void read(TensorReads reads, Shards shards, Safetensors.Entry weight, Tensor target) {
        scale(shards, weight)
                .ifPresentOrElse(
                        scale -> reads.add(
                                weight, BlockScales.of(scale.entry(), scale.block(), weight.shape()[1]), target),
                        () -> reads.add(weight, target));
    }
}
