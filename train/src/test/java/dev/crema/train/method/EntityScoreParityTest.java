package dev.crema.train.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Counts entities as seqeval does, in tags that are well formed and in others. */
class EntityScoreParityTest {
    @Test
    void agreesWithSeqeval() throws IOException {
        JsonNode cases = JsonMapper.builder()
                .build()
                .readTree(Path.of("src/test/resources/golden/entity_f1.json").toFile())
                .path("cases");
        assertThat(cases.size()).isGreaterThan(10);
        for (JsonNode each : cases) {
            EntityScore score = new EntityScore();
            for (int text = 0; text < each.path("wanted").size(); text++) {
                score.add(
                        tags(each.path("wanted").get(text)),
                        tags(each.path("found").get(text)));
            }
            List<Double> expected = new ArrayList<>();
            each.path("scores").forEach(value -> expected.add(value.asDouble()));
            assertThat(score.precision()).as("%s", each).isCloseTo(expected.get(0), within(1e-9));
            assertThat(score.recall()).as("%s", each).isCloseTo(expected.get(1), within(1e-9));
            assertThat(score.f1()).as("%s", each).isCloseTo(expected.get(2), within(1e-9));
        }
    }

    private static List<String> tags(JsonNode node) {
        List<String> tags = new ArrayList<>();
        node.forEach(tag -> tags.add(tag.asText()));
        return tags;
    }
}
