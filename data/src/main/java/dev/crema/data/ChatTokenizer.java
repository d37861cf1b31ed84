package dev.crema.data;

import dev.crema.data.Example.Chat;
import dev.crema.text.ChatOptions;
import dev.crema.text.ChatTemplate;
import dev.crema.text.InputException;
import dev.crema.text.RenderedChat;
import dev.crema.text.TokenizedText;
import dev.crema.text.Tokenizer;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;

/**
 * Tokenizes chats with a template, and whatever else without one.
 *
 * <p>Templates that print the date are given one and the same, so that the same data always gives the same tokens.
 */
final class ChatTokenizer implements ExampleTokenizer {
    private static final ChatOptions OPTIONS =
            ChatOptions.NONE.withClock(Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC));

    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final TextTokenizer others;

    ChatTokenizer(Tokenizer tokenizer, ChatTemplate template) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.others = new TextTokenizer(tokenizer);
    }

    @Override
    public List<TokenizedExample> tokenize(List<Example> examples) {
        Iterator<TokenizedExample> chats = examples.parallelStream()
                .filter(Chat.class::isInstance)
                .map(example -> tokenize((Chat) example))
                .toList()
                .iterator();
        Iterator<TokenizedExample> rest = others.tokenize(examples.stream()
                        .filter(example -> !(example instanceof Chat))
                        .toList())
                .iterator();
        return examples.stream()
                .map(example -> example instanceof Chat ? chats.next() : rest.next())
                .toList();
    }

    @Override
    public int vocabularySize() {
        return tokenizer.vocabularySize();
    }

    @Override
    public String fingerprint() {
        return "chat 1 " + new ContentHash().add(template.source()).hex() + " " + others.fingerprint();
    }

    private TokenizedExample tokenize(Chat chat) {
        RenderedChat rendered;
        try {
            rendered = template.renderForTraining(chat.messages(), OPTIONS.withTools(chat.tools()));
        } catch (InputException e) {
            String content = chat.messages().getFirst().content();
            String beginning = content.length() > 60 ? content.substring(0, 60) + "..." : content;
            throw new InputException(
                    "the chat that begins \"" + beginning.replace("\n", "\\n") + "\": " + e.getMessage(), e);
        }
        TokenizedText text = tokenizer.tokenize(rendered.text());
        return new TokenizedExample(text.ids(), loss(text, rendered.assistantSpans()), Example.Part.WHOLE);
    }

    /** A token bears loss where any of its characters was written by the assistant. */
    private static BitSet loss(TokenizedText text, List<RenderedChat.Span> spans) {
        BitSet loss = new BitSet(text.size());
        int token = 0;
        for (RenderedChat.Span span : spans) {
            while (token < text.size() && text.ends()[token] <= span.start()) {
                token++;
            }
            for (; token < text.size() && text.starts()[token] < span.end(); token++) {
                loss.set(token);
            }
        }
        return loss;
    }
}
