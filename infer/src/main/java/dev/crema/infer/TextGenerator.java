package dev.crema.infer;

import dev.crema.text.Detokenizer;
import dev.crema.text.InputException;
import dev.crema.text.Message;
import java.util.List;
import java.util.Set;

/**
 * Continues prompts and answers chats, one at a time, giving the text as it comes.
 *
 * <p>What a prompt shares with the one before is not run again. It owns the cache that this takes, not the model. It
 * serves one thread at a time.
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
        Set<Integer> stopIds = model.stopIds();
        Detokenizer detokenizer = model.tokenizer().textDetokenizer();
        StopStrings stops = new StopStrings(options.stops());
        StringBuilder text = new StringBuilder();
        TokenListener tokens = (sequence, token) -> {
            if (stopIds.contains(token)) return true;
            String piece = stops.append(detokenizer.append(token));
            text.append(piece);
            return listener.accept(piece) && !stops.found();
        };
        var token = new GenerationOptions(options.maxTokens(), options.sampling(), stopIds, options.seed());
        Generator.Result result = writer.complete(prompt, token, tokens);
        String last = stops.append(detokenizer.finish()) + stops.finish();
        if (!last.isEmpty()) listener.accept(last);
        text.append(last);
        Completion completion = result.completions().getFirst();
        return new GeneratedText(
                text.toString(),
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
