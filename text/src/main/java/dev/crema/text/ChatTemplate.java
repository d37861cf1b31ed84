package dev.crema.text;

import dev.crema.text.jinja.Rendering;
import dev.crema.text.jinja.Template;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's chat template: the one way from messages to the text that the model reads, for training, rollouts and chat
 * alike.
 *
 * <p>Rendering equals that of transformers' {@code apply_chat_template}, character for character. A template can be
 * used by many threads at once.
 */
public final class ChatTemplate {
    private final String source;
    private final Map<String, Object> specialTokens;
    private final Template template;

    private ChatTemplate(String source, Map<String, Object> specialTokens) {
        this.source = source;
        this.specialTokens = Map.copyOf(specialTokens);
        this.template = Template.of(source);
    }

    /**
     * Parse a template.
     *
     * @param specialTokens what it may read of the tokenizer, such as {@code bos_token} and {@code eos_token}
     * @throws InputException where the template breaks Jinja's grammar; it names the line
     */
    public static ChatTemplate of(String source, Map<String, Object> specialTokens) {
        return new ChatTemplate(source, specialTokens);
    }

    /**
     * Read the template of a model's folder: {@code chat_template.jinja}, else {@code chat_template} in
     * {@code tokenizer_config.json}, of several there the one named {@code default}.
     *
     * @throws InputException if the folder has none
     */
    public static ChatTemplate load(Path modelFolder) {
        ChatTemplateFiles files = new ChatTemplateFiles(modelFolder);
        return of(files.template(), files.specialTokens());
    }

    public String source() {
        return source;
    }

    /**
     * Render messages as text.
     *
     * @param addGenerationPrompt whether to open the assistant's turn at the end, for the model to write it
     * @throws InputException where the template refuses the messages, as Python would
     */
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        return render(messages, addGenerationPrompt, ChatOptions.NONE);
    }

    /** Render messages as text, with tools, documents or variables. */
    public String render(List<Message> messages, boolean addGenerationPrompt, ChatOptions options) {
        return rendering(messages, addGenerationPrompt, options).text();
    }

    /** Render a whole chat and find what the assistant wrote in it. */
    public RenderedChat renderForTraining(List<Message> messages) {
        return renderForTraining(messages, ChatOptions.NONE);
    }

    /**
     * Render a whole chat, with tools, documents or variables, and find what the assistant wrote in it.
     *
     * <p>The template's {@code generation} blocks say so where it has them; else {@link AssistantSpans} derives it.
     *
     * @throws InputException if neither way is exact
     */
    public RenderedChat renderForTraining(List<Message> messages, ChatOptions options) {
        Rendering whole = rendering(messages, false, options);
        if (template.marksGenerations()) {
            List<RenderedChat.Span> spans = whole.generations().stream()
                    .map(block -> new RenderedChat.Span(block.start(), block.end()))
                    .toList();
            return new RenderedChat(whole.text(), spans);
        }
        AssistantSpans.Renderer renderer =
                (some, prompt, reasoning) -> render(some, prompt, switched(options, reasoning));
        String endOfText = specialTokens.getOrDefault("eos_token", "") instanceof String token ? token : "";
        return new AssistantSpans(messages, whole.text(), endOfText, renderer).find();
    }

    private static ChatOptions switched(ChatOptions options, AssistantSpans.Reasoning reasoning) {
        return switch (reasoning) {
            case AS_GIVEN -> options;
            case OFF -> options.with("enable_thinking", false).with("thinking", false);
            case ON -> options.with("enable_thinking", true).with("thinking", true);
        };
    }

    private Rendering rendering(List<Message> messages, boolean addGenerationPrompt, ChatOptions options) {
        if (messages.isEmpty()) {
            throw new InputException("a chat template needs at least one message");
        }
        Map<String, @Nullable Object> variables = new HashMap<>(specialTokens);
        variables.putAll(options.variables());
        List<Map<String, Object>> fields = new ArrayList<>();
        messages.forEach(message -> fields.add(withReasoning(message.fields())));
        variables.put("messages", fields);
        variables.put("tools", orNull(options.tools()));
        variables.put("documents", orNull(options.documents()));
        variables.put("add_generation_prompt", addGenerationPrompt);
        return template.render(variables, options.clock());
    }

    private static @Nullable Object orNull(List<?> list) {
        return list.isEmpty() ? null : list;
    }

    /** Gives reasoning under each of the names that templates read it by, as transformers does. */
    private static Map<String, Object> withReasoning(Map<String, Object> fields) {
        for (String name : List.of("reasoning_content", "thinking", "reasoning")) {
            Object reasoning = fields.get(name);
            if (reasoning != null) {
                Map<String, Object> copy = new LinkedHashMap<>();
                copy.put("thinking", reasoning);
                copy.putAll(fields);
                copy.put("reasoning_content", reasoning);
                return copy;
            }
        }
        return fields;
    }
}
