package dev.crema.model.checkpoint.onnx;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.checkpoint.onnx.OnnxGraph.Node;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds a BERT (Devlin et al., 2019) in a graph that PyTorch has exported.
 *
 * <p>Embeddings, norms and biases keep their names. A matrix loses its own: the exporter stores it transposed, under a
 * number, as an input of a {@code MatMul}. The bias that an {@code Add} puts on the product tells whose it is. Equal
 * tensors are stored once, and an {@code Identity} gives the others their names.
 */
final class BertGraph {
    private static final String WORDS = "embeddings.word_embeddings.weight";
    private static final int MOST_LAYERS = 1_000;

    private final OnnxGraph graph;
    private final String prefix;
    private final Map<String, Stored> weights = new LinkedHashMap<>();

    /** A tensor of the file, and whether it stands transposed there. */
    private record Stored(OnnxTensor tensor, boolean transposed) {
        long[] shape() {
            long[] shape = tensor.shape().clone();
            if (transposed && shape.length == 2) {
                shape[0] = tensor.shape()[1];
                shape[1] = tensor.shape()[0];
            }
            return shape;
        }
    }

    BertGraph(OnnxGraph graph) {
        this.graph = graph;
        this.prefix = graph.tensors().keySet().stream()
                .filter(name -> name.endsWith(WORDS))
                .findFirst()
                .map(name -> name.substring(0, name.length() - WORDS.length()))
                .orElseThrow(() -> new InputException("The ONNX model has no " + WORDS
                        + ": of ONNX models, BERT encoders as PyTorch exports them can be imported"));
        graph.tensors().forEach((name, tensor) -> put(name, tensor, false));
        for (Node node : graph.nodes()) {
            switch (node.operation()) {
                case "Identity" -> alias(node);
                case "MatMul" -> product(node);
                case "MatMulInteger", "DynamicQuantizeLinear", "DequantizeLinear", "QLinearMatMul" ->
                    throw new InputException("The ONNX model is quantized; import the one in full precision");
                default -> {}
            }
        }
    }

    private void put(String name, OnnxTensor tensor, boolean transposed) {
        if (name.startsWith(prefix))
            weights.putIfAbsent(name.substring(prefix.length()), new Stored(tensor, transposed));
    }

    private void alias(Node node) {
        OnnxTensor tensor = stored(node);
        if (tensor != null) node.outputs().forEach(name -> put(name, tensor, false));
    }

    private void product(Node node) {
        OnnxTensor matrix = stored(node);
        if (matrix == null || node.outputs().isEmpty()) return;
        for (Node add : graph.consumers(node.outputs().getFirst())) {
            if (!add.operation().equals("Add") || add.inputs().size() != 2) continue;
            for (String bias : add.inputs()) {
                if (bias.endsWith(".bias")) {
                    put(bias.substring(0, bias.length() - "bias".length()) + "weight", matrix, true);
                }
            }
        }
    }

    /** Returns the only stored tensor among the inputs of a node. */
    private @Nullable OnnxTensor stored(Node node) {
        List<OnnxTensor> found = node.inputs().stream()
                .map(graph.tensors()::get)
                .filter(Objects::nonNull)
                .filter(OnnxTensor::real)
                .toList();
        return found.size() == 1 ? found.getFirst() : null;
    }

    /**
     * Returns the weights under the names of Hugging Face; the innermost scope owns them.
     *
     * @throws InputException if one is missing or has not the shape that the others tell of
     */
    Map<String, Tensor> weights() {
        Map<String, Tensor> result = new LinkedHashMap<>();
        long d = hidden();
        take(result, WORDS, rows(WORDS), d);
        take(result, "embeddings.position_embeddings.weight", rows("embeddings.position_embeddings.weight"), d);
        take(result, "embeddings.token_type_embeddings.weight", rows("embeddings.token_type_embeddings.weight"), d);
        pair(result, "embeddings.LayerNorm", d);
        for (int i = 0; i < layers(); i++) {
            String layer = "encoder.layer." + i + ".";
            for (String part : List.of("self.query", "self.key", "self.value", "output.dense")) {
                pair(result, layer + "attention." + part, d, d);
            }
            pair(result, layer + "attention.output.LayerNorm", d);
            pair(result, layer + "intermediate.dense", intermediate(), d);
            pair(result, layer + "output.dense", d, intermediate());
            pair(result, layer + "output.LayerNorm", d);
        }
        if (weights.containsKey("pooler.dense.weight")) pair(result, "pooler.dense", d, d);
        return result;
    }

    private void pair(Map<String, Tensor> result, String name, long... shape) {
        take(result, name + ".weight", shape);
        take(result, name + ".bias", shape[0]);
    }

    private void take(Map<String, Tensor> result, String name, long... shape) {
        Stored stored = find(name);
        if (!Arrays.equals(stored.shape(), shape)) {
            throw new InputException("The ONNX model's " + name + " has the shape " + Arrays.toString(stored.shape())
                    + ", the rest of the model wants " + Arrays.toString(shape));
        }
        Tensor tensor = stored.tensor().tensor();
        result.put(name, stored.transposed() ? tensor.transpose(0, 1) : tensor);
    }

    private Stored find(String name) {
        Stored stored = weights.get(name);
        if (stored == null) throw new InputException("The ONNX model lacks " + name + ", which a BERT has");
        return stored;
    }

    private long rows(String name) {
        long[] shape = find(name).shape();
        if (shape.length != 2) throw new InputException("The ONNX model's " + name + " is no matrix");
        return shape[0];
    }

    private long hidden() {
        rows(WORDS);
        return find(WORDS).shape()[1];
    }

    private long intermediate() {
        return rows("encoder.layer.0.intermediate.dense.weight");
    }

    private int layers() {
        int layers = 0;
        while (weights.containsKey("encoder.layer." + layers + ".output.dense.bias") && layers < MOST_LAYERS) layers++;
        if (layers == 0)
            throw new InputException("The ONNX model lacks encoder.layer.0.output.dense.bias: it has no layers");
        return layers;
    }

    /** Returns the {@code config.json} of the model. */
    ObjectNode config() {
        ObjectNode json = JsonMapper.builder().build().createObjectNode();
        json.putArray("architectures").add("BertModel");
        json.put("model_type", "bert");
        json.put("vocab_size", rows(WORDS));
        json.put("hidden_size", hidden());
        json.put("num_hidden_layers", layers());
        json.put("num_attention_heads", heads());
        json.put("intermediate_size", intermediate());
        json.put("hidden_act", activation());
        json.put("max_position_embeddings", rows("embeddings.position_embeddings.weight"));
        json.put("type_vocab_size", rows("embeddings.token_type_embeddings.weight"));
        json.put("layer_norm_eps", epsilon());
        json.put("torch_dtype", find(WORDS).tensor().dtypeName());
        return json;
    }

    /** The keys are reshaped from {@code [B, T, D]} to {@code [B, T, heads, D / heads]}. */
    private long heads() {
        String bias = prefix + "encoder.layer.0.attention.self.key.bias";
        for (Node add : graph.consumers(bias)) {
            for (Node reshape :
                    graph.consumers(add.outputs().isEmpty() ? "" : add.outputs().getFirst())) {
                if (!reshape.operation().equals("Reshape") || reshape.inputs().size() != 2) continue;
                long[] shape = shape(reshape.inputs().get(1));
                if (shape.length == 4 && shape[2] > 0 && shape[3] > 0 && shape[2] * shape[3] == hidden())
                    return shape[2];
            }
        }
        throw new InputException(
                "The ONNX model does not tell its number of heads: its keys are not reshaped by a constant");
    }

    /** Returns a shape, stored or put together; what is not constant in it is -1. */
    private long[] shape(String value) {
        OnnxTensor stored = graph.tensors().get(value);
        if (stored != null) return stored.longs();
        Node concat = graph.producer(value);
        if (concat == null
                || !concat.operation().equals("Concat")
                || concat.inputs().size() != 4) return new long[0];
        return concat.inputs().stream()
                .map(graph.tensors()::get)
                .mapToLong(part -> part != null && part.longs().length == 1 ? part.longs()[0] : -1)
                .toArray();
    }

    /** A layer norm is one operation, or the steps of {@code (x - mean) / sqrt(variance + epsilon)}. */
    private double epsilon() {
        for (Node node : graph.nodes()) {
            double epsilon = Double.NaN;
            if (node.operation().equals("LayerNormalization")) {
                epsilon = Double.isNaN(node.epsilon()) ? 1e-5 : node.epsilon();
            } else if (node.operation().equals("Sqrt") && !node.inputs().isEmpty()) {
                Node add = graph.producer(node.inputs().getFirst());
                if (add != null && add.operation().equals("Add") && add.inputs().size() == 2) epsilon = constant(add);
            }
            if (epsilon > 0 && epsilon < 1) return decimal(epsilon);
        }
        throw new InputException("The ONNX model does not tell the epsilon of its layer norms");
    }

    private double constant(Node node) {
        return node.inputs().stream()
                .map(graph.tensors()::get)
                .filter(Objects::nonNull)
                .mapToDouble(OnnxTensor::scalar)
                .filter(value -> !Double.isNaN(value))
                .findFirst()
                .orElse(Double.NaN);
    }

    /** Returns the shortest decimal that is the same float: 1e-12, and not what a float makes of it. */
    private static double decimal(double value) {
        return Double.parseDouble(Float.toString((float) value));
    }

    private String activation() {
        long tanh = count("Tanh");
        if (count("Erf") + count("Gelu") >= layers()) return "gelu";
        if (count("Relu") >= layers()) return "relu";
        if (tanh >= layers() && tanh > 1) return "gelu_new";
        throw new InputException("The ONNX model does not tell its activation: known are gelu, gelu_new and relu");
    }

    private long count(String operation) {
        return graph.nodes().stream()
                .filter(node -> node.operation().equals(operation))
                .count();
    }
}
