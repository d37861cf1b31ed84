package dev.crema.model.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.PositionSpec.Rotary;
import dev.crema.model.LatentSpec;
import dev.crema.model.RotaryScaling;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufMetadata;
import dev.crema.text.gguf.GgufTensor;
import dev.crema.text.gguf.GgufValue;
import dev.crema.text.gguf.GgufWriter;
import dev.crema.text.gguf.GgufWriter.Planned;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Writes a model as a GGUF file, in the form of llama.cpp's own conversion.
 *
 * <p>Vectors, routers, and the positions of GPT-2, stay FP32: they are small, and llama.cpp wants them so. A matrix whose
 * rows are no whole number of blocks becomes F16. With {@code Q4_0} the head, which hurts most, is {@code Q8_0}.
 */
public final class GgufModelWriter {
    private static final int QUANTIZATION_VERSION = 2;

    private final GgufLayout layout;
    private final ArchConfig config;
    private final GgmlType type;
    private final GgufNames names;
    /** For each tensor of the file its slabs in order. */
    private final Map<String, TreeMap<Integer, Slab>> tensors = new LinkedHashMap<>();

    /** A matrix, or a vector, that is a tensor of a file or a slab of one. */
    private record Slab(Tensor tensor, RowOrder order, int added) {}

    private GgufModelWriter(GgufArchitecture architecture, ArchConfig config, GgmlType type) {
        this.layout = layout(architecture, config.attention());
        this.config = config;
        this.type = type;
        this.names = GgufNames.of(architecture);
    }

    private static GgufLayout layout(GgufArchitecture architecture, AttentionSpec attention) {
        return switch (attention) {
            case AttentionSpec.GroupedQuery a -> new GgufLayout(architecture, a.heads(), a.headSize(), 0, 0);
            case LatentSpec a -> new GgufLayout(architecture, a.heads(), 0, a.plainSize(), a.valueSize());
        };
    }

    /** Tells whether matrices can be written in a type. */
    public static boolean writes(GgmlType type) {
        return Quantizer.writes(type);
    }

    /**
     * Returns what would be read of a file of the model: the {@code config.json} that its metadata stands for.
     *
     * @param names of its tensors in Hugging Face's checkpoint
     * @throws dev.crema.text.InputException if GGUF has no name for the family or one of its tensors
     */
    public static ObjectNode readBack(String modelType, ArchConfig config, Collection<String> names) {
        GgufArchitecture architecture = GgufArchitecture.ofModelType(modelType);
        GgufModelWriter writer = new GgufModelWriter(architecture, config, GgmlType.F32);
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (String name : names) {
            long[] shape = {config.vocabularySize(), config.hiddenSize()}; // of the embedding; of no other one is asked
            String gguf = writer.names.gguf(name).name();
            tensors.put(gguf, new GgufTensor(gguf, GgmlType.F32, shape, MemorySegment.NULL));
        }
        writer.rotation().forEach((name, factors) -> {
            long[] shape = {factors.length};
            tensors.put(name, new GgufTensor(name, GgmlType.F32, shape, MemorySegment.ofArray(factors)));
        });
        GgufMetadata metadata = new GgufMetadata("export", ArchMetadata.of(architecture, config));
        return GgufConfig.json(new GgufKeys("export", architecture, metadata, tensors));
    }

    /**
     * Writes a file, or leaves what was there before.
     *
     * @param modelType the family, as {@code config.json} names it
     * @param weights by Hugging Face's names, in its shapes
     * @param described what the file says of the model's name and tokenizer
     * @param type of the matrices: F32, F16, BF16, Q8_0 or Q4_0
     * @throws dev.crema.text.InputException if GGUF has no name for the family or one of its tensors
     */
    public static void write(
            Path file,
            String modelType,
            ArchConfig config,
            Map<String, Tensor> weights,
            Map<String, GgufValue> described,
            GgmlType type)
            throws IOException {
        GgufArchitecture architecture = GgufArchitecture.ofModelType(modelType);
        try (Scope scope = Scope.open()) {
            new GgufModelWriter(architecture, config, type).write(file, weights, described);
        }
    }

    private void write(Path file, Map<String, Tensor> weights, Map<String, GgufValue> described) throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        metadata.put(
                "general.architecture", new GgufValue.Text(layout.architecture().id()));
        metadata.put("general.type", new GgufValue.Text("model"));
        metadata.put("general.file_type", new GgufValue.Whole(fileType()));
        metadata.put("general.quantization_version", new GgufValue.Whole(QUANTIZATION_VERSION));
        metadata.putAll(ArchMetadata.of(layout.architecture(), config));
        metadata.putAll(described);
        rotation().forEach((name, factors) -> put(name, 0, Tensors.of(factors, factors.length)));
        weights.forEach(this::place);
        List<Planned> plan = new ArrayList<>();
        tensors.forEach((name, slabs) -> plan.add(planned(name, slabs)));
        GgufWriter.write(file, metadata, plan, (planned, sink) -> {
            for (Slab slab : Objects.requireNonNull(tensors.get(planned.name())).values()) {
                GgufWeights.encode(slab.tensor(), slab.order(), slab.added(), planned.type(), sink);
            }
        });
    }

    private void place(String hugging, Tensor weight) {
        if (hugging.endsWith("." + GgufLayout.EXPANSION)) {
            expansion(hugging, weight);
            return;
        }
        GgufNames.Place place = names.gguf(hugging);
        Tensor tensor = layout.transposed(hugging) ? weight.transpose(0, 1) : weight; // [out, in]
        Tensor shaped = GgufLayout.flat(hugging) ? tensor.reshape(-1) : tensor;
        slabs(place.name()).put(place.index(), new Slab(shaped, layout.order(hugging), layout.added(hugging)));
    }

    /** Parts DeepSeek's expansion into the keys of each head, turned over, and its values: what absorbed decoding reads. */
    private void expansion(String hugging, Tensor weight) {
        String block = names.gguf(hugging).name().replace("attn_kv_b.weight", "");
        for (int head = 0; head < layout.heads(); head++) {
            long row = layout.keyRow(head);
            Tensor keys = weight.narrow(0, row, layout.plainSize()); // [n, R]
            put(block + GgufLayout.KEY_EXPANSION, head, keys.transpose(0, 1)); // [R, n]
            Tensor values = weight.narrow(0, row + layout.plainSize(), layout.valueSize());
            put(block + GgufLayout.VALUE_EXPANSION, head, values); // [v, R]
        }
    }

    private void put(String name, int index, Tensor tensor) {
        slabs(name).put(index, new Slab(tensor, new RowOrder.Same(), 0));
    }

    private TreeMap<Integer, Slab> slabs(String name) {
        return tensors.computeIfAbsent(name, n -> new TreeMap<>());
    }

    private Planned planned(String name, TreeMap<Integer, Slab> slabs) {
        long[] slab = slabs.firstEntry().getValue().tensor().shape();
        boolean stacked = name.contains("_exps.")
                || name.endsWith(GgufLayout.KEY_EXPANSION)
                || name.endsWith(GgufLayout.VALUE_EXPANSION);
        long[] shape = stacked ? new long[] {slabs.size(), slab[0], slab[1]} : slab;
        return new Planned(name, type(name, shape), shape);
    }

    /** Returns the tensors that say how the model rotates. */
    private Map<String, float[]> rotation() {
        if (!(config.position() instanceof Rotary rotary)) return Map.of();
        int size = config.attention().rotarySize();
        return switch (rotary.scaling()) {
            case RotaryScaling.Llama3 llama ->
                Map.of(GgufRotary.FACTORS, RopeFactors.factors(llama, rotary.theta(), size));
            case RotaryScaling.LongRope rope ->
                Map.of(
                        GgufRotary.SHORT_FACTORS, floats(rope.shortFactors()),
                        GgufRotary.LONG_FACTORS, floats(rope.longFactors()));
            case RotaryScaling.None none -> Map.of();
            case RotaryScaling.Linear linear -> Map.of();
            case RotaryScaling.Dynamic dynamic -> Map.of();
            case RotaryScaling.Yarn yarn -> Map.of();
        };
    }

    private static float[] floats(List<Double> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) floats[i] = values.get(i).floatValue();
        return floats;
    }

    private GgmlType type(String name, long[] shape) {
        if (shape.length == 1 || name.startsWith("position_embd") || name.contains("ffn_gate_inp")) return GgmlType.F32;
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
}
