package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.text.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Against greedy answers of transformers in fp32: {@code bench/reference/generate_ids.py}. */
@Tag("real-model")
class GreedyParityTest {
    @Test
    void writesTheTokensThatTransformersWrites() throws IOException {
        JsonNode golden =
                new JsonMapper().readTree(Files.readAllBytes(Path.of("src/test/resources/golden/smollm2_greedy.json")));
        int tokens = golden.path("newTokens").asInt();
        List<JsonNode> cases =
                StreamSupport.stream(golden.path("cases").spliterator(), false).toList();
        Path folder = Path.of(System.getProperty("crema.real-model"));
        try (LanguageModel model = LanguageModel.load(folder, DType.FP32, Device.CPU);
                TextGenerator generator = new TextGenerator(model)) {
            TextOptions greedy = new TextOptions(tokens, Sampling.greedy(), List.of(), 0);
            List<int[]> prompts = new ArrayList<>();
            for (JsonNode expected : cases) {
                List<Message> messages = new ArrayList<>();
                expected.path("messages")
                        .forEach(message -> messages.add(Message.of(
                                message.path("role").asText(),
                                message.path("content").asText())));
                StringBuilder streamed = new StringBuilder();
                GeneratedText text = generator.answer(messages, greedy, piece -> {
                    streamed.append(piece);
                    return true;
                });
                assertThat(text.ids()).as("%s", messages).isEqualTo(ints(expected.path("ids")));
                assertThat(text.text()).isEqualTo(expected.path("text").asText());
                assertThat(streamed).hasToString(text.text());
                assertThat(text.promptTokens())
                        .isEqualTo(expected.path("promptIds").size());
                prompts.add(ints(expected.path("promptIds")));
            }
            var options = new GenerationOptions(tokens, Sampling.greedy(), model.stopIds(), 0);
            List<Completion> batch = new Generator(model.decoder())
                    .generate(prompts, 1, options, TokenListener.NONE)
                    .completions();
            for (int i = 0; i < cases.size(); i++) {
                assertThat(batch.get(i).ids())
                        .as("case %d in the batch", i)
                        .isEqualTo(ints(cases.get(i).path("ids")));
            }
        }
    }

    private static int[] ints(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
