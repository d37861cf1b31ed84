package dev.crema.data;

import dev.crema.text.InputException;
import dev.crema.text.Message;
import dev.crema.text.Tokenizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Tokenizes a text to read and a text to write, each by itself and with its end; only the second bears loss.
 *
 * <p>Of a chat, what the last message answers is read, message by message, and the last message is written.
 */
public final class PairTokenizer implements ExampleTokenizer {
    private final Tokenizer tokenizer;
    private final int end;

    public PairTokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.end = tokenizer
                .specials()
                .eos()
                .orElseThrow(() -> new InputException("the tokenizer has no token that ends a text"))
                .id();
    }

    @Override
    public List<TokenizedExample> tokenize(List<Example> examples) {
        return examples.parallelStream().map(this::tokenize).toList();
    }

    private TokenizedExample tokenize(Example example) {
        return switch (example) {
            case Example.Completion(String prompt, String completion) -> pair(prompt, completion);
            case Example.Chat(List<Message> messages, var tools) ->
                pair(
                        text(messages.subList(0, messages.size() - 1)),
                        messages.getLast().content());
            case Example.PlainText text ->
                throw new InputException(
                        "an encoder-decoder is fine-tuned on pairs, and this is plain text; give records"
                                + " of prompt and completion");
            case Example.Tagged tagged ->
                throw new InputException(
                        "tagged words are for classify; to learn their text, give records of text or of pairs");
            case Example.Problem problem ->
                throw new InputException("problem " + problem.id() + " has an answer to check and no text to learn;"
                        + " read it as question_answer to fine-tune on it");
        };
    }

    /** Returns the ids of messages that are read, with their end. */
    public int[] read(List<Message> messages) {
        return IntStream.concat(Arrays.stream(tokenizer.encode(text(messages))), IntStream.of(end))
                .toArray();
    }

    private static String text(List<Message> messages) {
        return String.join("\n", messages.stream().map(Message::content).toList());
    }

    private TokenizedExample pair(String read, String written) {
        int[] input = tokenizer.encode(read), target = tokenizer.encode(written), last = {end};
        int[] ids = IntStream.of(input.length, target.length).sum() == 0
                ? new int[0]
                : IntStream.concat(
                                IntStream.concat(Arrays.stream(input), Arrays.stream(last)),
                                IntStream.concat(Arrays.stream(target), Arrays.stream(last)))
                        .toArray();
        BitSet loss = new BitSet(ids.length);
        if (ids.length > 0) loss.set(input.length + 1, ids.length);
        return new TokenizedExample(ids, loss, Example.Part.WHOLE);
    }

    @Override
    public int vocabularySize() {
        return tokenizer.vocabularySize();
    }

    @Override
    public String fingerprint() {
        return "pairs 1 " + tokenizer.fingerprint() + " " + end;
    }
}
