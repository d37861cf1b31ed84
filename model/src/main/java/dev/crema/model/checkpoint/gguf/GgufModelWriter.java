package dev.crema.model.checkpoint.gguf;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.AttentionSpec.GroupedQuery;
import dev.crema.model.ArchConfig.PositionSpec.Rotary;
import dev.crema.model.RotaryScaling;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufValue;
import dev.crema.text.gguf.GgufWriter;
import dev.crema.text.gguf.GgufWriter.Planned;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Writes a model as a GGUF file, in the form of llama.cpp's own conversion.
 *
 * <p>Vectors, and the positions of GPT-2, stay FP32: they are small, and llama.cpp wants them so. A matrix whose rows are
 * no whole number of blocks becomes F16. With {@code Q4_0} the head, which hurts most, is {@code Q8_0}.
 */
public final class GgufModelWriter {
    private static final int QUANTIZATION_VERSION = 2;

    private final GgufArchitecture architecture;
    private final ArchConfig config;
    private final GgmlType type;
    private final GgufNames names;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, RowOrder> orders = new LinkedHashMap<>();

    private GgufModelWriter(GgufArchitecture architecture, ArchConfig config, GgmlType type) {
        this.architecture = architecture;
        this.config = config;
        this.type = type;
        this.names = GgufNames.of(architecture);
    }

    /**
     * Checks that a model can be written, before it is loaded.
     *
     * @param modelType the family, as {@code config.json} names it
     * @throws InputException if GGUF has no words for the family or a part of it
     */
    public static void check(String modelType, ArchConfig config, GgmlType type) {
        if (!Quantizer.writes(type)) {
            throw new InputException("The type " + type.lowerCaseName()
                    + " is only read; files are written in f32, f16, bf16, q8_0 and q4_0");
        }
        ArchMetadata.of(GgufArchitecture.of("export", modelType), config);
        if (scaling(config) instanceof RotaryScaling.Llama3 llama && !RopeFactors.readable(llama)) {
            throw new InputException("GGUF files have llama3's rotary scaling with a low_freq_factor of 1 and a"
                    + " high_freq_factor of 4 only; this model has " + llama);
        }
    }

    /**
     * Writes a file, or leaves what was there before.
     *
     * @param weights by Hugging Face's names, in its shapes
     * @param described what the file says of the model's name and tokenizer
     * @param type of the matrices: F32, F16, BF16, Q8_0 or Q4_0
     */
    public static void write(
            Path file,
            String modelType,
            ArchConfig config,
            Map<String, Tensor> weights,
            Map<String, GgufValue> described,
            GgmlType type)
            throws IOException {
        check(modelType, config, type);
        GgufArchitecture architecture = GgufArchitecture.of("export", modelType);
        try (Scope scope = Scope.open()) {
            new GgufModelWriter(architecture, config, type).write(file, weights, described);
        }
    }

    private void write(Path file, Map<String, Tensor> weights, Map<String, GgufValue> described) throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", new GgufValue.Text(architecture.id()));
        metadata.put("general.type", new GgufValue.Text("model"));
        metadata.put("general.file_type", new GgufValue.Whole(fileType()));
        metadata.put("general.quantization_version", new GgufValue.Whole(QUANTIZATION_VERSION));
        metadata.putAll(ArchMetadata.of(architecture, config));
        metadata.putAll(described);
        List<Planned> plan = new ArrayList<>();
        if (scaling(config) instanceof RotaryScaling.Llama3 llama) planFactors(llama, plan);
        weights.forEach((name, tensor) -> plan(name, tensor, plan));
        GgufWriter.write(file, metadata, plan, (planned, sink) -> {
            Tensor tensor = Objects.requireNonNull(tensors.get(planned.name()));
            RowOrder order = Objects.requireNonNull(orders.get(planned.name()));
            GgufWeights.encode(tensor, order, planned.type(), sink);
        });
    }

    private void plan(String hugging, Tensor weight, List<Planned> plan) {
        String name = names.gguf(hugging);
        int headSize = config.attention() instanceof GroupedQuery attention ? attention.headSize() : 0;
        boolean transposed = GgufLayout.transposed(architecture, hugging);
        Tensor tensor = transposed ? weight.transpose(0, 1) : weight; // [out, in]
        tensors.put(name, tensor);
        orders.put(name, GgufLayout.order(architecture, hugging, headSize));
        plan.add(new Planned(name, type(name, tensor.shape()), tensor.shape()));
    }

    private void planFactors(RotaryScaling.Llama3 llama, List<Planned> plan) {
        GroupedQuery attention = (GroupedQuery) config.attention();
        double theta = ((Rotary) config.position()).theta();
        float[] factors = RopeFactors.factors(llama, theta, attention.headSize());
        tensors.put(GgufConfig.ROPE_FACTORS, Tensors.of(factors, factors.length));
        orders.put(GgufConfig.ROPE_FACTORS, new RowOrder.Same());
        plan.add(new Planned(GgufConfig.ROPE_FACTORS, GgmlType.F32, new long[] {factors.length}));
    }

    private GgmlType type(String name, long[] shape) {
        if (shape.length == 1 || name.startsWith("position_embd")) return GgmlType.F32;
        boolean head = name.equals("output.weight") || config.tiedHead() && name.equals("token_embd.weight");
        GgmlType wanted = type == GgmlType.Q4_0 && head ? GgmlType.Q8_0 : type;
        return shape[shape.length - 1] % wanted.blockElements() == 0 ? wanted : GgmlType.F16;
    }

    /** Returns the number that llama.cpp knows the file's type by. */
    private int fileType() {
        return switch (type) {
            case F32 -> 0;
            case F16 -> 1;
            case Q4_0 -> 2;
            case Q8_0 -> 7;
            case BF16 -> 32;
            case Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K ->
                throw new IllegalStateException(type + " is only read");
        };
    }

    private static RotaryScaling scaling(ArchConfig config) {
        return config.position() instanceof Rotary rotary ? rotary.scaling() : new RotaryScaling.None();
    }
}
