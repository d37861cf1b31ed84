package dev.crema.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.crema.text.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every feature of the language against Python's jinja2; {@code bench/reference/chat_templates.py} wrote the goldens. */
class TemplateParityTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2024-07-26T10:05:09Z"), ZoneOffset.UTC);

    @TestFactory
    List<DynamicTest> rendersAsPython() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (InputStream golden = TemplateParityTest.class.getResourceAsStream("/chat/features.json")) {
            JSON.readTree(golden)
                    .forEach(entry ->
                            tests.add(DynamicTest.dynamicTest(entry.path("name").asText(), () -> check(entry))));
        }
        assertThat(tests).hasSizeGreaterThan(200);
        return tests;
    }

    private static void check(JsonNode entry) {
        String template = entry.path("template").asText();
        Map<String, Object> variables = JSON.convertValue(entry.path("variables"), new TypeReference<>() {});
        if (entry.has("error")) {
            assertThatThrownBy(() -> Template.of(template).render(variables, CLOCK))
                    .isInstanceOf(InputException.class)
                    .hasMessageMatching("(?s)chat template, .+");
        } else {
            assertThat(Template.of(template).render(variables, CLOCK).text())
                    .isEqualTo(entry.path("output").asText());
        }
    }
}
