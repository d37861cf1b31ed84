package dev.crema.model.checkpoint.onnx;

import dev.crema.text.InputException;
import dev.crema.text.protobuf.Protobuf;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The graph of an ONNX file ({@code GraphProto}): its stored tensors and its nodes, without what nobody asks for. */
final class OnnxGraph {
    private static final int MOST_NODES = 200_000, MOST_TENSORS = 100_000, MOST_NAME_BYTES = 64 << 20;

    private final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Node> producers = new HashMap<>();
    private final Map<String, List<Node>> consumers = new HashMap<>();
    private long nameBytes;

    /**
     * One operation.
     *
     * @param epsilon its attribute of that name; NaN where it has none
     */
    record Node(String operation, List<String> inputs, List<String> outputs, double epsilon) {}

    private OnnxGraph() {}

    /**
     * Reads a model; its stored tensors stay where they are in {@code file}.
     *
     * @throws InputException if it is malformed, or larger than a model can be
     */
    static OnnxGraph read(MemorySegment file) {
        Protobuf model = new Protobuf("The file is no ONNX model", file);
        OnnxGraph graph = new OnnxGraph();
        boolean found = false;
        while (model.next()) {
            if (model.field() == 7) {
                graph.add(model.message());
                found = true;
            }
        }
        if (!found) throw new InputException("The file is no ONNX model: it has no graph");
        graph.nodes.forEach(graph::connect);
        return graph;
    }

    /** Each value is made once, as ONNX wants it: what walks along values then takes no longer than the file is. */
    private void connect(Node node) {
        for (String output : node.outputs()) {
            if (!output.isEmpty() && producers.put(output, node) != null) {
                throw new InputException("The ONNX model makes the value " + output + " twice");
            }
        }
        for (String input : new LinkedHashSet<>(node.inputs())) {
            consumers.computeIfAbsent(input, any -> new ArrayList<>()).add(node);
        }
    }

    private void add(Protobuf graph) {
        while (graph.next()) {
            switch (graph.field()) {
                case 1 -> {
                    if (nodes.size() == MOST_NODES) throw tooLarge("nodes", MOST_NODES);
                    nodes.add(node(graph.message()));
                }
                case 5 -> put(OnnxTensor.read(graph.message()), "");
                default -> {}
            }
        }
    }

    private void put(OnnxTensor tensor, String name) {
        if (tensors.size() == MOST_TENSORS) throw tooLarge("tensors", MOST_TENSORS);
        String key = counted(name.isEmpty() ? tensor.name() : name);
        if (tensors.put(key, tensor) != null)
            throw new InputException("The ONNX model has the tensor " + key + " twice");
    }

    private Node node(Protobuf message) {
        List<String> inputs = new ArrayList<>(), outputs = new ArrayList<>();
        String operation = "";
        double epsilon = Double.NaN;
        @Nullable OnnxTensor value = null;
        while (message.next()) {
            switch (message.field()) {
                case 1 -> inputs.add(counted(message.text()));
                case 2 -> outputs.add(counted(message.text()));
                case 4 -> operation = message.text();
                case 5 -> {
                    Attribute attribute = Attribute.read(message.message());
                    if (attribute.name.equals("epsilon")) epsilon = attribute.real;
                    if (attribute.name.equals("value")) value = attribute.tensor;
                }
                default -> {}
            }
        }
        if (operation.equals("Constant") && value != null && outputs.size() == 1) put(value, outputs.getFirst());
        return new Node(operation, inputs, outputs, epsilon);
    }

    /** Every name costs some memory besides its letters. */
    private String counted(String name) {
        nameBytes += 64 + name.length();
        if (nameBytes > MOST_NAME_BYTES) throw tooLarge("bytes of names", MOST_NAME_BYTES);
        return name;
    }

    private record Attribute(
            String name, double real, @Nullable OnnxTensor tensor) {
        static Attribute read(Protobuf message) {
            String name = "";
            double real = Double.NaN;
            @Nullable OnnxTensor tensor = null;
            while (message.next()) {
                switch (message.field()) {
                    case 1 -> name = message.text();
                    case 2 -> real = message.real();
                    case 5 -> tensor = OnnxTensor.read(message.message());
                    default -> {}
                }
            }
            return new Attribute(name, real, tensor);
        }
    }

    private static InputException tooLarge(String what, int most) {
        return new InputException("The ONNX model has more than " + most + " " + what);
    }

    /** Returns the stored tensors by name, constants of the graph among them. */
    Map<String, OnnxTensor> tensors() {
        return tensors;
    }

    List<Node> nodes() {
        return nodes;
    }

    /** Returns the node that makes a value; none for inputs and stored tensors. */
    @Nullable
    Node producer(String value) {
        return producers.get(value);
    }

    /** Returns the nodes that take a value. */
    List<Node> consumers(String value) {
        return consumers.getOrDefault(value, List.of());
    }
}
