package dev.crema.text;

import dev.crema.text.RenderedChat.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Derives what the assistant wrote in a rendered chat, for templates that do not mark it themselves.
 *
 * <p>A turn starts where the generation prompt ends: the messages before it, rendered with that prompt, must be a prefix
 * of the whole text. It ends where the rendering of the messages up to it ends, if that is a prefix of the text as well.
 *
 * <p>Some templates break these rules. Qwen3's renders a turn that is followed by another question without its
 * reasoning, so a shorter chat is no prefix of a longer one. DeepSeek-R1's opens a {@code <think>} in the generation
 * prompt which it never shows again. For those a marker goes into the message, at its start or end: if the text with the
 * marker taken out is the text as it was, the marker stood exactly where the content starts or ends. Every span found is
 * exact; where no rule holds, an error says so.
 */
final class AssistantSpans {
    /** Letters alone, so that no template trims, splits or escapes it. */
    private static final String MARKER = "CremaMarksThisPlace";

    private final List<Message> messages;
    private final String text;
    private final Function<List<Message>, String> render;
    private final Function<List<Message>, String> renderPrompt;

    /**
     * @param text the rendering of all messages
     * @param render renders messages as they are
     * @param renderPrompt renders messages and opens the assistant's turn after them
     */
    AssistantSpans(
            List<Message> messages,
            String text,
            Function<List<Message>, String> render,
            Function<List<Message>, String> renderPrompt) {
        this.messages = messages;
        this.text = text;
        this.render = render;
        this.renderPrompt = renderPrompt;
    }

    RenderedChat find() {
        List<Span> spans = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i).isAssistant()) {
                spans.add(span(i, spans.isEmpty() ? 0 : spans.getLast().end()));
            }
        }
        return new RenderedChat(text, spans);
    }

    private Span span(int index, int from) {
        int start = start(index).orElseThrow(() -> failure(index));
        int end = end(index).orElseThrow(() -> failure(index));
        if (start < from || end < start) {
            throw failure(index);
        }
        return new Span(start, end);
    }

    private InputException failure(int index) {
        return new InputException("the chat template gives no exact place for message " + (index + 1)
                + " (assistant), so no loss mask: put {% generation %} and {% endgeneration %} around what the"
                + " assistant writes in the template, or train on conversations that end with this message");
    }

    private OptionalInt start(int index) {
        if (index == 0) {
            throw new InputException("the chat starts with the assistant, so nothing prompts its first message:"
                    + " put a user or system message before it");
        }
        List<Message> before = messages.subList(0, index);
        String prompt = renderPrompt.apply(before);
        if (text.startsWith(prompt)) {
            return OptionalInt.of(prompt.length());
        }
        String history = render.apply(before);
        String content = messages.get(index).content();
        for (int at : List.of(0, firstLetter(content, 0), answer(content), firstLetter(content, answer(content)))) {
            OptionalInt place = place(index, at);
            // What stands between the history and the content must be the beginning of the generation prompt.
            if (place.isPresent()
                    && text.startsWith(history)
                    && prompt.startsWith(text.substring(0, place.getAsInt()))) {
                return place;
            }
        }
        return OptionalInt.empty();
    }

    private static int firstLetter(String content, int from) {
        int at = from;
        while (at < content.length() && Character.isWhitespace(content.charAt(at))) {
            at++;
        }
        return at;
    }

    private static int lastLetter(String content) {
        return content.stripTrailing().length();
    }

    /** Where the answer starts after reasoning. */
    private static int answer(String content) {
        String close = "</think>";
        int at = content.lastIndexOf(close);
        return at < 0 ? 0 : at + close.length();
    }

    private OptionalInt end(int index) {
        List<Message> upTo = messages.subList(0, index + 1);
        String turn = render.apply(upTo);
        if (text.startsWith(turn)) {
            return OptionalInt.of(withoutSeparator(turn, messages.get(index).content()));
        }
        String content = messages.get(index).content();
        for (int at : List.of(content.length(), lastLetter(content))) {
            OptionalInt place = place(index, at);
            String marked = render.apply(marked(upTo, index, at));
            int closing = marked.indexOf(MARKER) + MARKER.length();
            if (place.isPresent() && closing >= MARKER.length()) {
                String close = marked.substring(closing);
                String kept = close.substring(0, withoutSeparator(close, ""));
                if (text.startsWith(kept, place.getAsInt())) {
                    return OptionalInt.of(place.getAsInt() + kept.length());
                }
            }
        }
        return OptionalInt.empty();
    }

    /**
     * Drops the whitespace after an end-of-turn token: the template writes it between turns, the model never does.
     * Where no token closes the turn the whitespace is what closes it, and stays.
     */
    private static int withoutSeparator(String turn, String content) {
        String stripped = turn.stripTrailing();
        return stripped.isEmpty() || !content.isBlank() && stripped.endsWith(content.strip())
                ? turn.length()
                : stripped.length();
    }

    /** Where a place in a message's content lies in the text, if a marker there changes nothing else. */
    private OptionalInt place(int index, int at) {
        String marked;
        try {
            marked = render.apply(marked(messages, index, at));
        } catch (InputException refused) {
            return OptionalInt.empty();
        }
        int place = marked.indexOf(MARKER);
        boolean alone =
                place >= 0 && (marked.substring(0, place) + marked.substring(place + MARKER.length())).equals(text);
        return alone ? OptionalInt.of(place) : OptionalInt.empty();
    }

    private static List<Message> marked(List<Message> messages, int index, int at) {
        List<Message> copy = new ArrayList<>(messages);
        String content = messages.get(index).content();
        copy.set(index, messages.get(index).with("content", content.substring(0, at) + MARKER + content.substring(at)));
        return copy;
    }
}
