package dev.crema.model.checkpoint.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes messages of ONNX, and with them a small BERT as PyTorch exports it. */
final class OnnxBytes {
    static final int VOCABULARY = 7, HIDDEN = 6, HEADS = 3, INNER = 10, POSITIONS = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    OnnxBytes number(int field, long value) {
        varint((long) field << 3);
        varint(value);
        return this;
    }

    OnnxBytes bytes(int field, byte[] content) {
        varint((long) field << 3 | 2);
        varint(content.length);
        out.writeBytes(content);
        return this;
    }

    OnnxBytes text(int field, String content) {
        return bytes(field, content.getBytes(StandardCharsets.UTF_8));
    }

    OnnxBytes message(int field, OnnxBytes content) {
        return bytes(field, content.toArray());
    }

    byte[] toArray() {
        return out.toByteArray();
    }

    private void varint(long value) {
        long left = value;
        for (; (left & ~0x7fL) != 0; left >>>= 7) out.write((int) (left & 0x7f | 0x80));
        out.write((int) left);
    }

    /** A tensor whose elements count up from {@code first}. */
    static OnnxBytes floats(String name, float first, long... shape) {
        OnnxBytes tensor = new OnnxBytes();
        int elements = 1;
        for (long extent : shape) {
            tensor.number(1, extent);
            elements *= (int) extent;
        }
        ByteBuffer raw = ByteBuffer.allocate(4 * elements).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < elements; i++) raw.putFloat(first + i);
        return tensor.number(2, 1).text(8, name).bytes(9, raw.array());
    }

    static OnnxBytes longs(long... values) {
        ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) raw.putLong(value);
        return new OnnxBytes().number(1, values.length).number(2, 7).bytes(9, raw.array());
    }

    static OnnxBytes node(String operation, List<String> inputs, String output) {
        OnnxBytes node = new OnnxBytes();
        inputs.forEach(input -> node.text(1, input));
        return node.text(2, output).text(4, operation);
    }

    static OnnxBytes constant(String output, OnnxBytes value) {
        return node("Constant", List.of(), output)
                .message(5, new OnnxBytes().text(1, "value").message(5, value).number(20, 4));
    }

    static byte[] model(OnnxBytes graph) {
        return new OnnxBytes().number(1, 6).text(2, "pytorch").message(7, graph).toArray();
    }

    /** A BERT of one layer; its second norm shares the first one's tensors, as equal tensors are exported. */
    static OnnxBytes bert() {
        OnnxBytes graph = new OnnxBytes();
        graph.message(5, floats("bert.embeddings.word_embeddings.weight", 1, VOCABULARY, HIDDEN))
                .message(5, floats("bert.embeddings.position_embeddings.weight", 2, POSITIONS, HIDDEN))
                .message(5, floats("bert.embeddings.token_type_embeddings.weight", 3, 2, HIDDEN))
                .message(5, floats("bert.embeddings.LayerNorm.weight", 4, HIDDEN))
                .message(5, floats("bert.embeddings.LayerNorm.bias", 5, HIDDEN));
        String layer = "bert.encoder.layer.0.";
        linear(graph, layer + "attention.self.query", 101, HIDDEN, HIDDEN);
        linear(graph, layer + "attention.self.key", 102, HIDDEN, HIDDEN);
        linear(graph, layer + "attention.self.value", 103, HIDDEN, HIDDEN);
        linear(graph, layer + "attention.output.dense", 104, HIDDEN, HIDDEN);
        linear(graph, layer + "intermediate.dense", 105, HIDDEN, INNER);
        linear(graph, layer + "output.dense", 106, INNER, HIDDEN);
        graph.message(5, floats(layer + "attention.output.LayerNorm.weight", 6, HIDDEN))
                .message(5, floats(layer + "attention.output.LayerNorm.bias", 7, HIDDEN));
        for (String kind : List.of("weight", "bias")) {
            graph.message(
                    1,
                    node(
                            "Identity",
                            List.of(layer + "attention.output.LayerNorm." + kind),
                            layer + "output.LayerNorm." + kind));
        }
        return graph.message(1, constant("heads", longs(HEADS)))
                .message(1, constant("size", longs(HIDDEN / HEADS)))
                .message(1, node("Concat", List.of("batch", "length", "heads", "size"), "shape"))
                .message(1, node("Reshape", List.of("added102", "shape"), "keys"))
                .message(1, constant("epsilon", floats("", 1e-7f)))
                .message(1, node("Add", List.of("variance", "epsilon"), "sum"))
                .message(1, node("Sqrt", List.of("sum"), "deviation"))
                .message(1, node("Erf", List.of("added105"), "erf"));
    }

    private static void linear(OnnxBytes graph, String name, int number, int inputs, int outputs) {
        graph.message(5, floats(name + ".bias", number, outputs))
                .message(5, floats("onnx::MatMul_" + number, number, inputs, outputs))
                .message(1, node("MatMul", List.of("x" + number, "onnx::MatMul_" + number), "product" + number))
                .message(1, node("Add", List.of(name + ".bias", "product" + number), "added" + number));
    }
}
