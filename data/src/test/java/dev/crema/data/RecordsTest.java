package dev.crema.data;

import static dev.crema.data.TestData.read;
import static dev.crema.data.TestData.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.data.Example.Chat;
import dev.crema.data.Example.Completion;
import dev.crema.data.Example.PlainText;
import dev.crema.data.Example.Problem;
import dev.crema.text.InputException;
import dev.crema.text.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordsTest {
    @TempDir
    Path folder;

    private Example first(String record) {
        return read(Source.of(write(folder, "a.jsonl", record).toString())).getFirst();
    }

    @Test
    void eachFormatIsDetected() {
        assertThat(first("{\"text\": \"plain\"}")).isEqualTo(new PlainText("plain"));
        assertThat(first("{\"prompt\": \"p\", \"completion\": \"c\"}")).isEqualTo(new Completion("p", "c"));
        Chat turn = new Chat(List.of(Message.user("q"), Message.assistant("a")));
        assertThat(first("{\"messages\": [{\"role\": \"user\", \"content\": \"q\"},"
                        + " {\"role\": \"assistant\", \"content\": \"a\"}]}"))
                .isEqualTo(turn);
        assertThat(first("{\"conversations\": [{\"from\": \"human\", \"value\": \"q\"},"
                        + " {\"from\": \"gpt\", \"value\": \"a\"}]}"))
                .isEqualTo(turn);
        assertThat(first("{\"question\": \"q\", \"answer\": \"a\"}")).isEqualTo(turn);
        assertThat(first("{\"instruction\": \"q\", \"input\": \"\", \"output\": \"a\"}"))
                .isEqualTo(turn);
        assertThat(first("{\"instruction\": \"q\", \"input\": \"i\", \"output\": \"a\", \"system\": \"s\"}"))
                .isEqualTo(new Chat(List.of(Message.system("s"), Message.user("q\n\ni"), Message.assistant("a"))));
        assertThat(first("{\"prompt\": [{\"role\": \"user\", \"content\": \"q\"}],"
                        + " \"completion\": [{\"role\": \"assistant\", \"content\": \"a\"}]}"))
                .isEqualTo(turn);
    }

    @Test
    void aFormatThatIsSetIsNotDetected() {
        String record = "{\"text\": \"t\", \"question\": \"q\", \"answer\": \"6*7=42\\n#### 42\"}";
        Source source = Source.of(write(folder, "a.jsonl", record).toString());
        assertThat(read(source.as(RecordFormat.TEXT))).containsExactly(new PlainText("t"));
        assertThat(read(source.as(RecordFormat.PROBLEM)))
                .containsExactly(new Problem(List.of(Message.user("q")), "42", "a.jsonl:1"));
    }

    @Test
    void toolCallsAreReadInBothStyles() {
        Map<String, Object> function = Map.of("name", "look", "arguments", Map.of("at", "sky"));
        Chat shareGpt = (Chat) first("{\"conversations\": [{\"from\": \"human\", \"value\": \"q\"}, {\"from\":"
                + " \"function_call\", \"value\": \"{\\\"name\\\": \\\"look\\\", \\\"arguments\\\": {\\\"at\\\":"
                + " \\\"sky\\\"}}\"}, {\"from\": \"observation\", \"value\": \"blue\"}, {\"from\": \"gpt\", \"value\":"
                + " \"Blue.\"}], \"tools\": \"[{\\\"name\\\": \\\"look\\\"}]\"}");
        assertThat(shareGpt.messages().stream().map(Message::role))
                .containsExactly("user", "assistant", "tool", "assistant");
        assertThat(shareGpt.messages().get(1).fields().get("tool_calls"))
                .isEqualTo(List.of(Map.of("type", "function", "function", function)));
        assertThat(shareGpt.tools()).isEqualTo(List.of(Map.of("type", "function", "function", Map.of("name", "look"))));
        Chat openAi = (Chat) first("{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"assistant\","
                + " \"content\": null, \"tool_calls\": [{\"type\": \"function\", \"function\": {\"name\": \"look\","
                + " \"arguments\": {\"at\": \"sky\"}}}]}]}");
        assertThat(openAi.messages().get(1).fields().get("tool_calls"))
                .isEqualTo(List.of(Map.of("type", "function", "function", function)));
    }

    @Test
    void contentInPartsIsJoined() {
        Chat chat = (Chat) first("{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\":"
                + " \"a\"}, {\"type\": \"text\", \"value\": \"b\"}]}, {\"role\": \"assistant\", \"content\":"
                + " [{\"type\": \"reasoning\", \"value\": \"hm\"}, {\"type\": \"text\", \"value\": \"c\"}]}]}");
        assertThat(chat.messages().getFirst().content()).isEqualTo("ab");
        assertThat(chat.messages().get(1).content()).isEqualTo("c");
        assertThat(chat.messages().get(1).fields()).containsEntry("reasoning_content", "hm");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"text": "x"                                              | not JSON
                    {"text": "x"} {"text": "y"}                               | not JSON
                    [1]                                                       | must be a JSON object, not a list
                    {"text": 3}                                               | "text" must be a string, not number
                    {"other": "x"}                                            | "text" is missing, there are [other]
                    """)
    void aBadLineStopsWithItsPlaceOrIsSkippedAndCounted(String line, String cause) {
        Path file = write(folder, "data.jsonl", "{\"text\": \"one\"}\n\n" + line + "\n{\"text\": \"two\"}\n");
        Source source = Source.of(file.toString());
        assertThatThrownBy(() -> read(source))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("data.jsonl:3: ")
                .hasMessageContaining(cause)
                .hasMessageContaining("on_bad_line: skip")
                .hasMessageNotContaining("\n");
        try (ExampleReader reader = source.onBadLine(BadLine.SKIP).open()) {
            assertThat(reader).toIterable().containsExactly(new PlainText("one"), new PlainText("two"));
            assertThat(reader.skipped()).isEqualTo(1);
        }
    }

    @Test
    void badBytesInALineAreABadLine() throws IOException {
        Path file = folder.resolve("a.jsonl");
        Files.write(file, new byte[] {'{', '"', 't', 'e', 'x', 't', '"', ':', '"', (byte) 0xC0, '"', '}', '\n'});
        assertThatThrownBy(() -> read(Source.of(file.toString()))).hasMessageContaining("a.jsonl:1: not UTF-8");
        assertThat(read(Source.of(file.toString()).onBadLine(BadLine.SKIP))).isEmpty();
    }

    @Test
    void unknownFieldsNameTheKnownFormats() {
        assertThatThrownBy(() -> first("{\"foo\": 1, \"bar\": 2}"))
                .hasMessageContaining("the fields [foo, bar] are of no known format");
    }

    @Test
    void aChatThatTeachesNothingIsABadRecord() {
        assertThatThrownBy(() -> first("{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}]}"))
                .hasMessageContaining("no message of the assistant");
        assertThatThrownBy(() -> first("{\"conversations\": [{\"from\": \"gpt\", \"value\": \"a\"}]}"))
                .hasMessageContaining("starts with the assistant");
        assertThatThrownBy(() -> first("{\"conversations\": [{\"from\": \"cat\", \"value\": \"a\"}]}"))
                .hasMessageContaining("\"from\" is \"cat\"");
        assertThatThrownBy(() -> first("{\"messages\": []}")).hasMessageContaining("empty list");
    }

    @Test
    void anArrayOfRecordsIsRead() {
        Path file = write(folder, "a.json", "\n[\n {\"text\": \"one\"},\n {\"text\": \"two\"}\n]\n");
        assertThat(read(Source.of(file.toString()))).containsExactly(new PlainText("one"), new PlainText("two"));
        Path lines = write(folder, "b.json", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
        assertThat(read(Source.of(lines.toString()))).hasSize(2);
    }

    @Test
    void aBadRecordInAnArrayNamesItsLine() {
        Path shape = write(folder, "a.json", "[\n {\"text\": \"one\"},\n {\"text\": 2},\n {\"text\": \"three\"}\n]");
        assertThatThrownBy(() -> read(Source.of(shape.toString())))
                .hasMessageContaining("a.json:3: the field \"text\"");
        assertThat(read(Source.of(shape.toString()).onBadLine(BadLine.SKIP))).hasSize(2);
        Path cut = write(folder, "b.json", "[\n {\"text\": \"one\"},\n {\"text\": \"tw");
        assertThatThrownBy(() -> read(Source.of(cut.toString()).onBadLine(BadLine.SKIP)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("b.json:3: not JSON");
        Path open = write(folder, "c.json", "[\n {\"text\": \"one\"}\n");
        assertThatThrownBy(() -> read(Source.of(open.toString())))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("c.json:");
    }

    @Test
    void eachPassOverProblemsTakesAllInAnOrderOfItsOwn() {
        List<Problem> all = IntStream.range(0, 10)
                .mapToObj(i -> new Problem(List.of(Message.user("q" + i)), "" + i, "p" + i))
                .toList();
        Problems problems = new Problems(all, new Order.Shuffled(1));
        List<Problem> first =
                LongStream.range(0, 10).mapToObj(problems::problem).toList();
        List<Problem> second =
                LongStream.range(10, 20).mapToObj(problems::problem).toList();
        assertThat(first).containsExactlyInAnyOrderElementsOf(all).isNotEqualTo(second);
        assertThat(second).containsExactlyInAnyOrderElementsOf(all);
        assertThat(new Problems(all, new Order.Stored()).problem(13)).isEqualTo(all.get(3));
    }

    @Test
    @Tag("shared")
    void publishedDataIsRead() {
        Path data = Path.of(System.getProperty("crema.shared"), "data");
        assertThat(read(Source.of(data + "/llamafactory/alpaca_zh_demo.json")))
                .hasSize(1000)
                .allMatch(Chat.class::isInstance);
        List<Example> tools = read(Source.of(data + "/llamafactory/glaive_toolcall_en_demo.json"));
        assertThat(tools)
                .hasSize(300)
                .anyMatch(example -> !((Chat) example).tools().isEmpty());
        assertThat(read(Source.of(data + "/llamafactory/v1_sft_demo.jsonl"))).hasSize(500);
        assertThat(read(Source.of(data + "/llamafactory/c4_demo.jsonl"))).hasSize(300);
        List<Problem> problems = read(Source.of(data + "/gsm8k/test.jsonl").as(RecordFormat.PROBLEM)).stream()
                .map(Problem.class::cast)
                .toList();
        assertThat(problems).hasSize(1319).allMatch(problem -> problem.answer().matches("-?[\\d,.]+"));
        assertThat(problems.getFirst().answer()).isEqualTo("18");
    }
}
