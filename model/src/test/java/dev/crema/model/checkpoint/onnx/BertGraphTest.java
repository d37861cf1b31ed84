package dev.crema.model.checkpoint.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reads a small BERT, and files made to hurt. */
class BertGraphTest {
    private static BertGraph read(byte[] file) {
        return new BertGraph(OnnxGraph.read(MemorySegment.ofArray(file)));
    }

    private static void refuses(OnnxBytes graph, String message) {
        refuses(OnnxBytes.model(graph), message);
    }

    private static void refuses(byte[] file, String message) {
        assertThatThrownBy(() -> load(file)).isInstanceOf(InputException.class).hasMessageContaining(message);
    }

    private static void load(byte[] file) {
        try (Scope scope = Scope.open()) {
            BertGraph bert = read(file);
            bert.config();
            bert.weights();
        }
    }

    @Test
    void tellsTheConfigurationByTheGraph() {
        JsonNode config = read(OnnxBytes.model(OnnxBytes.bert())).config();
        assertThat(config.path("vocab_size").asInt()).isEqualTo(OnnxBytes.VOCABULARY);
        assertThat(config.path("hidden_size").asInt()).isEqualTo(OnnxBytes.HIDDEN);
        assertThat(config.path("num_hidden_layers").asInt()).isEqualTo(1);
        assertThat(config.path("num_attention_heads").asInt()).isEqualTo(OnnxBytes.HEADS);
        assertThat(config.path("intermediate_size").asInt()).isEqualTo(OnnxBytes.INNER);
        assertThat(config.path("max_position_embeddings").asInt()).isEqualTo(OnnxBytes.POSITIONS);
        assertThat(config.path("layer_norm_eps").asDouble()).isEqualTo(1e-7);
        assertThat(config.path("hidden_act").asText()).isEqualTo("gelu");
    }

    @Test
    void givesMatricesTheirNamesAndOrderAgain() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights =
                    read(OnnxBytes.model(OnnxBytes.bert())).weights();
            assertThat(weights).hasSize(5 + 16);
            Tensor inner = Objects.requireNonNull(weights.get("encoder.layer.0.intermediate.dense.weight"));
            assertThat(inner.shape()).containsExactly(OnnxBytes.INNER, OnnxBytes.HIDDEN);
            assertThat(inner.select(0, 0).toFloats()).containsExactly(105, 115, 125, 135, 145, 155);
            assertThat(Objects.requireNonNull(weights.get("encoder.layer.0.attention.self.key.weight"))
                            .select(1, 0)
                            .toFloats())
                    .containsExactly(102, 103, 104, 105, 106, 107);
            assertThat(Objects.requireNonNull(weights.get("encoder.layer.0.output.LayerNorm.bias"))
                            .toFloats())
                    .containsExactly(7, 8, 9, 10, 11, 12);
        }
    }

    @Test
    void refusesWhatIsNoBert() {
        refuses(new byte[0], "it has no graph");
        refuses(new OnnxBytes(), "has no embeddings.word_embeddings.weight");
        refuses(
                new OnnxBytes().message(5, OnnxBytes.floats("embeddings.word_embeddings.weight", 1, 3, 4)),
                "has no layers");
    }

    @Test
    void refusesWeightsThatItCannotRead() {
        refuses(
                OnnxBytes.bert().message(5, OnnxBytes.floats("onnx::MatMul_101", 1, 2)),
                "the tensor onnx::MatMul_101 twice");
        refuses(
                OnnxBytes.bert().message(5, new OnnxBytes().text(8, "t").number(14, 1)),
                "keeps weights in another file");
        refuses(
                OnnxBytes.bert().message(5, pooler(1L << 40, 1L << 40)),
                "has the shape [1099511627776, 1099511627776]");
        refuses(OnnxBytes.bert().message(5, pooler(OnnxBytes.HIDDEN, OnnxBytes.HIDDEN)), "has 4 bytes of elements");
    }

    @Test
    void refusesAQuantizedModel() {
        refuses(
                OnnxBytes.bert().message(1, OnnxBytes.node("MatMulInteger", List.of("a", "b"), "c")),
                "is quantized; import the one in full precision");
    }

    private static OnnxBytes pooler(long rows, long columns) {
        return new OnnxBytes()
                .number(1, rows)
                .number(1, columns)
                .number(2, 1)
                .text(8, "bert.pooler.dense.weight")
                .bytes(9, new byte[4]);
    }

    @Test
    void refusesWhatIsMalformed() {
        refuses(new byte[] {(byte) 0xff, (byte) 0xff}, "a field claims 1 bytes where 0 are left");
        refuses(
                new OnnxBytes().bytes(7, new byte[] {0x0a, 0x7f}).toArray(),
                "a field claims 127 bytes where 0 are left");
        refuses(new byte[] {0x3a, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1}, "claims 18446744073709551615 bytes");
        refuses(new byte[] {0x3b}, "wire type 3");
        OnnxBytes deep = new OnnxBytes();
        for (int i = 0; i < 20; i++) deep.number(1, 1);
        refuses(OnnxBytes.bert().message(5, deep), "too many dimensions");
        OnnxBytes many = new OnnxBytes();
        for (int i = 0; i <= 200_000; i++) many.message(1, new OnnxBytes());
        refuses(many, "more than 200000 nodes");
        refuses(
                OnnxBytes.bert().message(1, OnnxBytes.node("Relu", List.of("keys"), "added102")),
                "makes the value added102 twice");
        OnnxBytes wordy = new OnnxBytes();
        for (int i = 0; i < 20_000; i++) wordy.text(1, "x".repeat(4000));
        refuses(new OnnxBytes().message(1, wordy), "bytes of names");
    }

    /** A file that was altered loads or is refused, in no time and without a crash. */
    @Test
    @Timeout(120)
    void survivesAHundredThousandAlteredFiles() {
        byte[] whole = OnnxBytes.model(OnnxBytes.bert());
        Random random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 100_000; i++) {
            byte[] file = whole.clone();
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                int at = random.nextInt(file.length);
                switch (random.nextInt(4)) {
                    case 0 -> file[at] ^= (byte) (1 << random.nextInt(8));
                    case 1 -> file[at] = (byte) random.nextInt();
                    case 2 -> file[at] = (byte) (random.nextBoolean() ? 0xff : 0);
                    default -> file = java.util.Arrays.copyOf(file, at);
                }
                if (file.length == 0) break;
            }
            try {
                load(file);
            } catch (InputException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(50_000, 100_000);
    }
}
