package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.util.Arrays;
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
     * Reads how the weights are stored.
     *
     * @throws InputException if in a way that is not known
     */
    static StoredWeights read(ConfigJson json) {
        if (!json.has("quantization_config")) return new Plain();
        ConfigJson own = json.object("quantization_config");
        own.require(own.text("quant_method", "").equals("fp8"), "quant_method");
        own.require(own.text("fmt", "e4m3").equals("e4m3"), "fmt");
        own.require(own.text("expert_dtype", "fp8").equals("fp8"), "expert_dtype");
        // Scales of powers of two only are numbers like others.
        String scales = own.text("scale_fmt", "float");
        own.require(scales.equals("float") || scales.equals("ue8m0"), "scale_fmt");
        // How activations were rounded in the products: with weights in full there is no need to.
        own.require(own.text("activation_scheme", "dynamic").equals("dynamic"), "activation_scheme");
        // Which tensors are in FP8 the tensors say themselves.
        for (String key : new String[] {"modules_to_not_convert", "modules_to_convert", "ignored_layers", "dequantize"})
            own.node(key);
        JsonNode size = own.node("weight_block_size");
        boolean pair = size.isArray() && size.size() == 2 && extent(size.get(0)) && extent(size.get(1));
        own.require(pair || size.isMissingNode(), "weight_block_size");
        own.finish();
        return pair ? new Fp8Blocks(size.get(0).asInt(), size.get(1).asInt()) : new Fp8Blocks(128, 128);
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
    default Optional<Safetensors.Entry> scale(Shards shards, Safetensors.Entry weight) {
        if (!(this instanceof Fp8Blocks(int rows, int columns)) || weight.dtype() != DType.FP8_E4M3) {
            return Optional.empty();
        }
        long[] shape = weight.shape();
        if (shape.length != 2) {
            throw new InputException(weight.file() + ": " + weight.name() + " is in FP8 and has the shape "
                    + Arrays.toString(shape) + "; scales by blocks are for matrices");
        }
        Safetensors.Entry scale = shards.entries().get(weight.name() + "_scale_inv");
        if (scale == null) {
            throw new InputException(weight.file() + ": " + weight.name() + " is in FP8, and its scales "
                    + weight.name() + "_scale_inv are missing: copy or pull the folder again");
        }
        long[] wanted = {Math.ceilDiv(shape[0], rows), Math.ceilDiv(shape[1], columns)};
        if (!Arrays.equals(scale.shape(), wanted) || !scale.dtype().floating()) {
            throw new InputException(scale.file() + ": " + scale.name() + " is " + scale.dtype() + " "
                    + Arrays.toString(scale.shape()) + "; a weight " + Arrays.toString(shape) + " in blocks of " + rows
                    + " x " + columns + " wants numbers " + Arrays.toString(wanted));
        }
        return Optional.of(scale);
    }

    /** Plans to fill a tensor, which may be a view, with a weight of its shape. */
    default void read(TensorReads reads, Shards shards, Safetensors.Entry weight, Tensor target) {
        Optional<Safetensors.Entry> scale = scale(shards, weight);
        if (scale.isPresent() && this instanceof Fp8Blocks blocks) {
            reads.add(weight, BlockScales.of(scale.get(), blocks, weight.shape()[1]), target);
        } else {
            reads.add(weight, target);
        }
    }
}
