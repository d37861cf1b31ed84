package dev.crema.infer;

import dev.crema.text.ChatTemplate;
import dev.crema.text.InputException;
import dev.crema.text.Message;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Continues prompts and answers chats: one at a time, giving the text as it comes, or several at once.
 *
 * <p>One at a time, what a prompt shares with the one before is not run again. It owns the cache that this takes, not the
 * model. It serves one thread at a time.
 */
public final class TextGenerator implements AutoCloseable {
    private final LanguageModel model;
    private final TokenWriter writer;

    public TextGenerator(LanguageModel model) {
        this.model = model;
        this.writer = model.writer();
    }

    /**
     * Continues a text, with what the tokenizer puts before one.
     *
     * @throws InputException if the prompt has no token or leaves no room in the model's context
     */
    public GeneratedText complete(String prompt, TextOptions options, TextListener listener) {
        return generate(model.promptIds(prompt), options, listener);
    }

    /**
     * Writes the assistant's next message.
     *
     * @throws InputException if the model has no chat template, the template refuses the messages, or they leave no room
     *     in the model's context
     */
    public GeneratedText answer(List<Message> messages, TextOptions options, TextListener listener) {
        String prompt = model.chatTemplate().render(messages, true);
        return generate(model.tokenizer().encode(prompt), options, listener);
    }

    private GeneratedText generate(int[] prompt, TextOptions options, TextListener listener) {
        WrittenText text = new WrittenText(model, options, listener);
        Generator.Result result =
                writer.complete(prompt, tokenOptions(options), (sequence, token) -> text.append(token));
        return generated(prompt, text, result, 0);
    }

    /**
     * Continues several texts at once, each as {@link #complete} would at temperature 0; the next token of all is one pass.
     *
     * @throws InputException if a prompt has no token or leaves no room in the model's context
     */
    public List<GeneratedText> completeAll(List<String> prompts, TextOptions options) {
        return generateAll(prompts.stream().map(model::promptIds).toList(), options);
    }

    /**
     * Writes the assistant's next message of several chats at once.
     *
     * @throws InputException as {@link #answer}
     */
    public List<GeneratedText> answerAll(List<List<Message>> chats, TextOptions options) {
        ChatTemplate template = model.chatTemplate();
        return generateAll(
                chats.stream()
                        .map(messages -> model.tokenizer().encode(template.render(messages, true)))
                        .toList(),
                options);
    }

    private List<GeneratedText> generateAll(List<int[]> prompts, TextOptions options) {
        List<WrittenText> texts = prompts.stream()
                .map(prompt -> new WrittenText(model, options, piece -> true))
                .toList();
        Generator.Result result = model.batchWriter()
                .generate(
                        prompts,
                        1,
                        tokenOptions(options),
                        (sequence, token) -> texts.get(sequence).append(token));
        return IntStream.range(0, prompts.size())
                .mapToObj(i -> generated(prompts.get(i), texts.get(i), result, i))
                .toList();
    }

    private GenerationOptions tokenOptions(TextOptions options) {
        return new GenerationOptions(options.maxTokens(), options.sampling(), model.stopIds(), options.seed());
    }

    private static GeneratedText generated(int[] prompt, WrittenText text, Generator.Result result, int index) {
        Completion completion = result.completions().get(index);
        return new GeneratedText(
                text.finish(),
                completion.ids(),
                completion.finishReason(),
                prompt.length,
                result.prefillTokensPerSecond(),
                result.decodeTokensPerSecond());
    }

    @Override
    public void close() {
        writer.close();
    }
}
