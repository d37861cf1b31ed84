package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.crema.train.Schedule.Decay;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Compares with the schedules of transformers, repaired to start above 0: bench/reference/schedules.py. */
class ScheduleParityTest {
    @Test
    void agreesWithTransformers() throws IOException {
        JsonNode cases;
        try (var in = getClass().getResourceAsStream("/golden/schedules.json")) {
            cases = new ObjectMapper().readTree(in).path("cases");
        }
        int compared = 0;
        for (JsonNode golden : cases) {
            if (golden.path("fromZero").booleanValue()) {
                continue; // Steps that make the first update at rate 0, which Schedule does not.
            }
            Schedule schedule = schedule(golden);
            // transformers' own stable-and-decay schedule warms up from the floor, all its others from 0, as here.
            int from = golden.path("floor").doubleValue() > 0
                    ? golden.path("warmUp").intValue()
                    : 0;
            for (int step = from; step < golden.path("steps").intValue(); step++) {
                assertThat(schedule.at(step))
                        .as("%s at step %d", golden.path("name"), step)
                        .isEqualTo(golden.path("factor").path(step).doubleValue(), within(1e-12));
                compared++;
            }
        }
        assertThat(compared).isEqualTo(8 * 20 - 2 * 4);
    }

    private static Schedule schedule(JsonNode golden) {
        long warmup = golden.path("warmUp").longValue();
        long total = golden.path("steps").longValue();
        long decay = golden.path("decay").longValue();
        double floor = golden.path("floor").doubleValue();
        return switch (golden.path("name").textValue()) {
            case "constant" -> new Schedule.Constant(warmup);
            case "linear" -> new Schedule.Linear(warmup, total, floor);
            case "cosine", "cosine to a tenth" -> new Schedule.Cosine(warmup, total, floor);
            case "wsd linear", "wsd linear to a tenth" ->
                new Schedule.WarmupStableDecay(warmup, total, decay, floor, Decay.LINEAR);
            case "wsd cosine" -> new Schedule.WarmupStableDecay(warmup, total, decay, floor, Decay.COSINE);
            case "wsd 1-sqrt" -> new Schedule.WarmupStableDecay(warmup, total, decay, floor, Decay.ONE_MINUS_SQRT);
            default -> throw new AssertionError(golden.path("name"));
        };
    }
}
