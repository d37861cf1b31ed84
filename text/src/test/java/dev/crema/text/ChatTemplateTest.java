package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
    private static final String CHATML = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content"
            + " + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    private static final List<Message> CHAT = List.of(
            Message.system("Rules"),
            Message.user("One"),
            Message.assistant("<think>hm</think>Two"),
            Message.user("Three"),
            Message.assistant("<think>so</think>Four"));

    @TempDir
    Path folder;

    private static List<String> written(String source, Map<String, Object> specials, List<Message> messages) {
        RenderedChat rendered = ChatTemplate.of(source, specials).renderForTraining(messages);
        assertThat(rendered.text()).isEqualTo(ChatTemplate.of(source, specials).render(messages, false));
        return rendered.assistantSpans().stream()
                .map(span -> span.of(rendered.text()))
                .toList();
    }

    @Test
    void findsTurnsByTheirPrompts() {
        assertThat(written(CHATML, Map.of(), CHAT))
                .containsExactly("<think>hm</think>Two<|im_end|>", "<think>so</think>Four<|im_end|>");
    }

    @Test
    void findsTurnsThatLoseTheirReasoningLater() {
        String source = CHATML.replace("m.content", "(m.content if loop.last else m.content.split('</think>')[-1])");
        assertThat(written(source, Map.of(), CHAT)).containsExactly("Two<|im_end|>", "<think>so</think>Four<|im_end|>");
    }

    @Test
    void findsTurnsWhosePromptOpensReasoningThatTheChatNeverShows() {
        String source = CHATML.replace("m.content", "m.content.split('</think>')[-1]")
                .replace("assistant\n' }}", "assistant\n<think>\n' }}");
        assertThat(written(source, Map.of(), CHAT)).containsExactly("Two<|im_end|>", "Four<|im_end|>");
    }

    @Test
    void findsTurnsBetweenInstructionMarks() {
        String source = "{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content + eos_token }}{% else %}"
                + "{{ '[INST]' + m.content + '[/INST]' }}{% endif %}{% endfor %}";
        assertThat(written(source, Map.of("eos_token", "</s>"), CHAT.subList(1, 5)))
                .containsExactly("<think>hm</think>Two</s>", "<think>so</think>Four</s>");
    }

    @Test
    void keepsTheWhitespaceThatAloneClosesATurn() {
        String source = "{% for m in messages %}{{ m.role + ': ' + m.content + '\n\n' }}{% endfor %}"
                + "{{ 'assistant: ' if add_generation_prompt }}";
        assertThat(written(source, Map.of(), List.of(Message.user("a"), Message.assistant("b"))))
                .containsExactly("b\n\n");
    }

    @Test
    void takesTheTemplatesOwnMarks() {
        String source =
                "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}!"
                        + "{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}";
        assertThat(written(source, Map.of(), List.of(Message.user("a"), Message.assistant("😀b"), Message.user("c"))))
                .containsExactly("😀b!");
    }

    @Test
    void refusesToGuess() {
        String counts = "{{ messages|length }}" + CHATML.replace("m.content", "m.content|upper");
        assertThatThrownBy(() -> ChatTemplate.of(counts, Map.of()).renderForTraining(CHAT))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no exact place for message 3 (assistant)")
                .hasMessageContaining("{% generation %}");
        assertThatThrownBy(() -> ChatTemplate.of(CHATML, Map.of()).renderForTraining(CHAT.subList(2, 5)))
                .hasMessageContaining("put a user or system message before it");
        assertThatThrownBy(() -> ChatTemplate.of(CHATML, Map.of()).render(List.of(), true))
                .hasMessage("a chat template needs at least one message");
    }

    @Test
    void givesTheTemplateToolsVariablesAndReasoning() {
        String source = "{{ tools is none }}{{ documents is none }}{{ tools[0].name if tools }}{{ enable_thinking }}"
                + "{{ messages[0].thinking }}{{ messages[0].tool_calls is defined }}";
        Map<String, Object> fields = new HashMap<>(Map.of("role", "assistant", "reasoning", "why"));
        fields.put("tool_calls", null);
        ChatTemplate template = ChatTemplate.of(source, Map.of());
        List<Message> messages = List.of(new Message(fields));
        assertThat(template.render(messages, false)).isEqualTo("TrueTruewhyFalse");
        ChatOptions options =
                ChatOptions.NONE.withTools(List.of(Map.of("name", "f"))).with("enable_thinking", false);
        assertThat(template.render(messages, false, options)).isEqualTo("FalseTruefFalsewhyFalse");
    }

    @Test
    void readsTheTemplateOfAFolder() throws IOException {
        assertThatThrownBy(() -> ChatTemplate.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("has no chat template: it needs chat_template.jinja");
        config("{\"chat_template\": [{\"name\": \"rag\", \"template\": \"r\"}]}");
        assertThatThrownBy(() -> ChatTemplate.load(folder)).hasMessageContaining("[rag] but none named \"default\"");
        config(
                "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"r\"}, {\"name\": \"default\", \"template\": \"d\"}]}");
        assertThat(ChatTemplate.load(folder).source()).isEqualTo("d");
        config(
                "{\"chat_template\": \"{{ bos_token }}{{ eos_token }}\", \"bos_token\": {\"content\": \"<s>\"}, \"eos_token\": \"</s>\"}");
        assertThat(ChatTemplate.load(folder).render(List.of(Message.user("")), false))
                .isEqualTo("<s></s>");
        Files.writeString(folder.resolve("chat_template.jinja"), "file {{ eos_token }}");
        assertThat(ChatTemplate.load(folder).render(List.of(Message.user("")), false))
                .isEqualTo("file </s>");
        config("{");
        assertThatThrownBy(() -> ChatTemplate.load(folder))
                .hasMessageContaining("tokenizer_config.json is not valid JSON");
    }

    private void config(String json) throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), json);
    }

    @Test
    void refusesAMessageWithoutARole() {
        assertThatThrownBy(() -> new Message(Map.of("content", "x")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no \"role\"");
    }

    @Test
    @Tag("real-model")
    void rendersSmolLm2AsTransformers() {
        ChatTemplate template = ChatTemplate.load(SharedData.realModel());
        String system =
                "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n";
        List<Message> messages = List.of(Message.user("1 + 1?"), Message.assistant("2"));
        String turns = system + "<|im_start|>user\n1 + 1?<|im_end|>\n<|im_start|>assistant\n";
        assertThat(template.render(messages.subList(0, 1), true)).isEqualTo(turns);
        RenderedChat rendered = template.renderForTraining(messages);
        assertThat(rendered.text()).isEqualTo(turns + "2<|im_end|>\n");
        assertThat(rendered.assistantSpans())
                .containsExactly(new RenderedChat.Span(turns.length(), turns.length() + 11));
    }
}
