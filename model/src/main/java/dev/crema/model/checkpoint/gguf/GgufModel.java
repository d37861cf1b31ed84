package dev.crema.model.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufFile;
import dev.crema.text.gguf.GgufTensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A GGUF file as Hugging Face would have the same model: a {@code config.json}, and tensors under its names. */
public final class GgufModel implements AutoCloseable {
    private final GgufFile file;
    private final GgufArchitecture architecture;
    private final ObjectNode config;
    private final Map<String, Weight> weights = new LinkedHashMap<>();

    /**
     * One tensor of the model.
     *
     * @param name Hugging Face's name
     * @param shape Hugging Face's shape
     */
    public record Weight(String name, long[] shape, GgufTensor stored, RowOrder order, boolean transposed) {
        /** Decodes into a tensor of the same shape, whatever its type. */
        public void copyTo(Tensor target) {
            // [in, out] in the checkpoint, [out, in] in the file
            GgufWeights.decode(stored, order, transposed ? target.transpose(0, 1) : target);
        }
    }

    /**
     * Takes over an open file.
     *
     * @throws InputException if it holds a model of another architecture or no whole model
     */
    public GgufModel(GgufFile file) {
        this.file = file;
        this.architecture =
                GgufArchitecture.of(file.path().toString(), file.metadata().text("general.architecture"));
        this.config = GgufConfig.json(file, architecture);
        GgufNames names = GgufNames.of(architecture);
        for (GgufTensor stored : file.tensors().values()) {
            if (!stored.name().equals(GgufConfig.ROPE_FACTORS)) {
                Weight weight = weight(names.hugging(stored.name()), stored);
                weights.put(weight.name(), weight);
            }
        }
    }

    private Weight weight(String name, GgufTensor stored) {
        RowOrder order =
                GgufLayout.order(architecture, name, config.path("head_dim").asInt());
        if (order instanceof RowOrder.Interleaved
                && stored.shape().length == 1
                && stored.type().blockElements() > 1) {
            throw new InputException(file.path() + ": " + stored.name() + " is a bias in " + stored.type()
                    + "; it has to be F32, F16 or BF16");
        }
        boolean transposed = GgufLayout.transposed(architecture, name) && stored.shape().length == 2;
        long[] shape = transposed ? new long[] {stored.columns(), stored.rows()} : stored.shape();
        return new Weight(name, shape, stored, order, transposed);
    }

    /**
     * Opens a file.
     *
     * @throws InputException if it cannot be read, or holds a model of another architecture or no whole model
     */
    public static GgufModel open(Path path) {
        GgufFile file = GgufFile.open(path);
        try {
            return new GgufModel(file);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Returns the configuration in the form of {@code config.json}. */
    public ObjectNode config() {
        return config;
    }

    /** Returns the tensors by Hugging Face's names. */
    public Map<String, Weight> weights() {
        return Collections.unmodifiableMap(weights);
    }

    /** Returns the smallest type that holds what most of the elements are stored in; FP32 for quantised ones. */
    public DType storedDtype() {
        Map<GgmlType, Long> elements = new LinkedHashMap<>();
        for (GgufTensor tensor : file.tensors().values()) {
            elements.merge(tensor.type(), tensor.rows() * tensor.columns(), Long::sum);
        }
        GgmlType most = elements.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
        return switch (most) {
            case F16 -> DType.FP16;
            case BF16 -> DType.BF16;
            case F32, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K -> DType.FP32;
        };
    }

    @Override
    public void close() {
        file.close();
    }
}
