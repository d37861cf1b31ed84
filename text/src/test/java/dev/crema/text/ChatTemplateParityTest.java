package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * The templates of published models against transformers, over every chat of {@code models.json};
 * {@code bench/reference/chat_templates.py} wrote it.
 */
@Tag("shared")
class ChatTemplateParityTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2024-07-26T10:05:09Z"), ZoneOffset.UTC);

    @TestFactory
    List<DynamicTest> rendersAsTransformers() throws IOException {
        JsonNode golden = golden();
        List<DynamicTest> tests = new ArrayList<>();
        golden.path("results").properties().forEach(entry -> {
            tests.add(DynamicTest.dynamicTest(entry.getKey(), () -> check(golden, entry.getKey(), entry.getValue())));
        });
        assertThat(tests).hasSizeGreaterThan(30);
        return tests;
    }

    private static JsonNode golden() throws IOException {
        try (InputStream stream = ChatTemplateParityTest.class.getResourceAsStream("/chat/models.json")) {
            return JSON.readTree(stream);
        }
    }

    private static void check(JsonNode golden, String name, JsonNode results) {
        ChatTemplate template =
                ChatTemplate.of(source(name), JSON.convertValue(golden.path("specials"), new TypeReference<>() {}));
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            JsonNode chat = golden.path("cases").path(i);
            String expected = results.path(i).asText();
            String actual = result(template, chat);
            if (!(expected.equals("error") ? actual.startsWith("error") : actual.equals(expected))) {
                wrong.add(chat.path("name").asText() + ": expected " + expected + ", was " + actual);
            }
            JsonNode spans = golden.path("spans").path(name).path(i);
            if (!spans.isMissingNode() && !expected.equals("error")) {
                assertThat(spans(template, chat)).isEqualTo(spans.toString());
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static String source(String name) {
        try {
            return Files.readString(folder().resolve(name));
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }

    private static Path folder() {
        return SharedData.path("chat-templates");
    }

    private static String result(ChatTemplate template, JsonNode chat) {
        try {
            return digest(template.render(messages(chat), chat.path("prompt").asBoolean(), options(chat)));
        } catch (InputException refused) {
            return "error: " + refused.getMessage();
        }
    }

    private static String spans(ChatTemplate template, JsonNode chat) {
        RenderedChat rendered = template.renderForTraining(messages(chat), options(chat));
        return JSON.valueToTree(rendered.assistantSpans().stream()
                        .map(span -> List.of(span.start(), span.end()))
                        .toList())
                .toString();
    }

    private static List<Message> messages(JsonNode chat) {
        List<Map<String, Object>> fields = JSON.convertValue(chat.path("messages"), new TypeReference<>() {});
        return fields.stream().map(Message::new).toList();
    }

    private static ChatOptions options(JsonNode chat) {
        ChatOptions options = ChatOptions.NONE.withClock(CLOCK);
        if (chat.has("tools")) {
            options = options.withTools(JSON.convertValue(chat.path("tools"), new TypeReference<>() {}));
        }
        if (chat.has("documents")) {
            options = options.withDocuments(JSON.convertValue(chat.path("documents"), new TypeReference<>() {}));
        }
        Map<String, Object> variables = JSON.convertValue(
                chat.has("variables") ? chat.path("variables") : JSON.createObjectNode(), new TypeReference<>() {});
        for (Map.Entry<String, Object> variable : variables.entrySet()) {
            options = options.with(variable.getKey(), variable.getValue());
        }
        return options;
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return text.length() + ":" + HexFormat.of().formatHex(hash).substring(0, 16);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Without a golden: what the assistant wrote is in its spans, what the user wrote is not. */
    @TestFactory
    List<DynamicTest> findsWhatTheAssistantWrote() throws IOException {
        JsonNode golden = golden();
        Map<String, Object> specials = JSON.convertValue(golden.path("specials"), new TypeReference<>() {});
        List<DynamicTest> tests = new ArrayList<>();
        for (String name : names(golden)) {
            // These two refuse: one renders nothing without tools, one ends every chat with a generation prompt.
            if (!name.startsWith("NousResearch-Hermes-3") && !name.startsWith("CohereForAI")) {
                tests.add(DynamicTest.dynamicTest(name, () -> checkTurns(ChatTemplate.of(source(name), specials))));
            }
        }
        return tests;
    }

    private static List<String> names(JsonNode golden) {
        return golden.path("results").properties().stream()
                .map(Map.Entry::getKey)
                .toList();
    }

    private static void checkTurns(ChatTemplate template) {
        List<Message> chat = List.of(
                Message.user("First question"),
                Message.assistant("First answer"),
                Message.user("Second question"),
                Message.assistant("Second answer"),
                Message.user("Thanks"));
        RenderedChat rendered = template.renderForTraining(chat, ChatOptions.NONE.withClock(CLOCK));
        List<String> spans = rendered.assistantSpans().stream()
                .map(span -> span.of(rendered.text()))
                .toList();
        assertThat(spans).hasSize(2).noneMatch(span -> span.contains("question") || span.contains("Thanks"));
        assertThat(spans.getFirst()).contains("First answer");
        assertThat(spans.getLast()).contains("Second answer");
    }
}
