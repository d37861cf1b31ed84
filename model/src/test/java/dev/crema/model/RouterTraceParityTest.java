package dev.crema.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Against transformers' {@code load_balancing_loss_func}: {@code bench/reference/balance_loss.py}. */
class RouterTraceParityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/balance_loss.json");
    private static final double COEFFICIENT = 0.25;

    @Test
    void lossAndGradientsAgree() throws IOException {
        JsonNode cases = JsonMapper.builder().build().readTree(GOLDEN.toFile()).path("cases");
        assertThat(cases).isNotEmpty();
        for (JsonNode each : cases) {
            float[] counted = floats(each.path("counted"));
            int experts = each.path("logits").get(0).get(0).size();
            RoutingSpec spec = RoutingSpec.topK(experts, each.path("active").asInt(), true);
            RouterTrace trace = RouterTrace.of(COEFFICIENT, counted);
            try (Tape tape = Tape.open()) {
                List<Tensor> leaves = new ArrayList<>(), seen = new ArrayList<>();
                for (JsonNode layer : each.path("logits")) {
                    Tensor leaf =
                            Tensors.of(flat(layer), counted.length, experts).requiresGrad(true);
                    leaves.add(leaf);
                    seen.add(trace.observe(seen.size(), spec, leaf.mul(1)));
                }
                assertThat(trace.loss()).isCloseTo(each.path("loss").asDouble(), within(1e-5));
                assertThat(trace.logits()).hasSize(seen.size());
                for (int i = 0; i < seen.size(); i++) {
                    seen.get(i).mul(0).sum().backward(); // the main loss has no gradient here
                    float[] actual = leaves.get(i).grad().toFloats();
                    float[] expected = flat(each.path("gradients").get(i));
                    for (int k = 0; k < actual.length; k++) {
                        assertThat((double) actual[k]).isCloseTo(COEFFICIENT * expected[k], within(1e-6));
                    }
                }
            }
        }
    }

    private static float[] flat(JsonNode rows) {
        List<Float> values = new ArrayList<>();
        rows.forEach(row -> row.forEach(value -> values.add(value.floatValue())));
        float[] result = new float[values.size()];
        for (int i = 0; i < result.length; i++) result[i] = values.get(i);
        return result;
    }

    private static float[] floats(JsonNode values) {
        double[] wide = StreamSupport.stream(values.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
        float[] result = new float[wide.length];
        for (int i = 0; i < wide.length; i++) result[i] = (float) wide[i];
        return result;
    }
}
