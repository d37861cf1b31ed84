package dev.crema.train.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.train.method.PolicyObjective.Aggregation;
import dev.crema.train.method.PolicyObjective.Ratio;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against the formulas in PyTorch and TRL: {@code bench/reference/grpo.py}. */
class PolicyLossParityTest {
    private static final JsonNode GOLDEN = golden();

    private static JsonNode golden() {
        try {
            return JsonMapper.builder()
                    .build()
                    .readTree(Path.of("src/test/resources/golden/grpo.json").toFile());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static Stream<JsonNode> cases() {
        List<JsonNode> cases = new ArrayList<>();
        GOLDEN.path("cases").forEach(cases::add);
        return cases.stream();
    }

    @Test
    void advantagesAgree() {
        double[] rewards = numbers(GOLDEN.path("rewards"));
        int group = GOLDEN.path("group").asInt();
        for (var field : GOLDEN.path("advantages").properties()) {
            double[] expected = numbers(field.getValue());
            double[] actual = scale(field.getKey()).of(rewards, group);
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).as("%s %d", field.getKey(), i).isCloseTo(expected[i], within(1e-6));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void lossAndGradientAgree(JsonNode test) {
        int from = test.path("rows").get(0).asInt(),
                to = test.path("rows").get(1).asInt();
        int[] firsts = new int[to - from + 1];
        List<Float> logs = new ArrayList<>(), old = new ArrayList<>(), reference = new ArrayList<>();
        List<Double> expected = new ArrayList<>();
        int all = 0;
        JsonNode masks = GOLDEN.path("mask");
        for (int row = 0; row < masks.size(); row++) {
            for (int t = 0; t < masks.get(row).size(); t++) {
                if (masks.get(row).get(t).asInt() == 0) continue;
                all++;
                if (row < from || row >= to) continue;
                logs.add((float) GOLDEN.path("logprobs").get(row).get(t).asDouble());
                old.add((float) GOLDEN.path("old").get(row).get(t).asDouble());
                reference.add((float) GOLDEN.path("ref").get(row).get(t).asDouble());
                expected.add(test.path("gradient").get(row - from).get(t).asDouble());
            }
            if (row >= from && row < to) firsts[row - from + 1] = logs.size();
        }
        double[] advantages = java.util.Arrays.copyOfRange(
                numbers(GOLDEN.path("advantages").path(test.path("advantages").asText())), from, to);
        double normaliser = switch (test.path("aggregation").asText()) {
            case "grpo" -> to - from;
            case "bnpo" -> logs.size();
            case "dapo" -> all;
            default -> (to - from) * GOLDEN.path("longest").asDouble();
        };
        Aggregation aggregation = switch (test.path("aggregation").asText()) {
            case "grpo" -> Aggregation.SEQUENCE_MEAN;
            case "bnpo", "dapo" -> Aggregation.TOKEN_MEAN;
            default -> Aggregation.CONSTANT;
        };
        var objective = new PolicyObjective(
                test.path("ratio").asText().equals("token") ? Ratio.TOKEN : Ratio.SEQUENCE,
                aggregation,
                test.path("low").asDouble(),
                test.path("high").asDouble(),
                test.path("delta").isNull()
                        ? Double.POSITIVE_INFINITY
                        : test.path("delta").asDouble(),
                test.path("beta").asDouble());
        var loss = new PolicyLoss(objective, advantages, firsts, floats(old), floats(reference), normaliser);
        float[] derivative = new float[logs.size()];
        if (objective.ratio() == Ratio.TOKEN) {
            int half = logs.size() / 2;
            loss.write(0, half, floats(logs), derivative);
            loss.write(half, logs.size(), floats(logs), derivative);
        } else {
            loss.write(0, logs.size(), floats(logs), derivative);
        }
        assertThat(loss.loss()).isCloseTo(test.path("loss").asDouble(), within(2e-6));
        for (int t = 0; t < derivative.length; t++) {
            assertThat((double) derivative[t]).as("token %d", t).isCloseTo(expected.get(t), within(1e-5));
        }
    }

    private static Advantages scale(String name) {
        return switch (name) {
            case "sample" -> Advantages.GROUP;
            case "population" -> Advantages.POPULATION;
            case "batch" -> Advantages.BATCH;
            default -> Advantages.NONE;
        };
    }

    private static double[] numbers(JsonNode node) {
        double[] values = new double[node.size()];
        for (int i = 0; i < values.length; i++) values[i] = node.get(i).asDouble();
        return values;
    }

    private static float[] floats(List<Float> values) {
        float[] result = new float[values.size()];
        for (int i = 0; i < result.length; i++) result[i] = values.get(i);
        return result;
    }
}
