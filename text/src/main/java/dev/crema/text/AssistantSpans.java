package dev.crema.text;

import dev.crema.text.RenderedChat.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Derives what the assistant wrote in a rendered chat, for templates that do not mark it themselves.
 *
 * <p>A turn starts where the generation prompt ends: the messages before it, rendered with that prompt, are a prefix of
 * the whole text. It ends where the rendering of the messages up to it ends, if that is a prefix of the text as well.
 *
 * <p>Templates break these rules in three ways. The prompt of GLM-4.7 asks for reasoning that the turn does not have; so
 * the prompt with reasoning switched off, or on, is tried too. That of DeepSeek-R1 ends in a {@code <think>} that the
 * chat never shows again; so the turn starts after as much of the prompt, in whole tags, as the chat shows. And Qwen3
 * renders a turn without its reasoning once another question follows, so that a shorter chat is no prefix of a longer
 * one; so a probe takes the turn's place: what stands before the probe tells where the turn starts, and what stands
 * behind it, counted from the end of the text, where it ends.
 *
 * <p>Each rule is checked against the text before it counts; where none holds, an error says so. No span is a guess.
 */
final class AssistantSpans {
    /** Renders some of the messages, with or without the generation prompt, under some setting of reasoning. */
    interface Renderer {
        String render(List<Message> messages, boolean addGenerationPrompt, Reasoning reasoning);
    }

    /** How a rendering sets the switch that templates of reasoning models read. */
    enum Reasoning {
        AS_GIVEN,
        OFF,
        ON
    }

    /** Letters alone, so that no template trims, splits or escapes it. */
    private static final String PROBE = "CremaMarksThisPlace";

    private final List<Message> messages;
    private final String text;
    private final String endOfText;
    private final Renderer renderer;

    /**
     * @param text the rendering of all messages
     * @param endOfText the tokenizer's end-of-text token, or the empty text
     */
    AssistantSpans(List<Message> messages, String text, String endOfText, Renderer renderer) {
        this.messages = messages;
        this.text = text;
        this.endOfText = endOfText;
        this.renderer = renderer;
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
        if (index == 0) {
            throw new InputException("the chat starts with the assistant, so nothing prompts its first message:"
                    + " put a user or system message before it");
        }
        Optional<Integer> start = start(index);
        Optional<Integer> end = end(index);
        if (start.isEmpty() || end.isEmpty() || start.get() < from || end.get() < start.get()) {
            throw new InputException("the chat template gives no exact place for message " + (index + 1)
                    + " (assistant), so no loss mask: put {% generation %} and {% endgeneration %} around what the"
                    + " assistant writes in the template, or end the chat with this message");
        }
        return new Span(start.get(), withEndOfText(end.get()));
    }

    private Optional<Integer> start(int index) {
        List<Message> before = messages.subList(0, index);
        for (Reasoning reasoning : Reasoning.values()) {
            String prompt = renderer.render(before, true, reasoning);
            if (text.startsWith(prompt)) {
                return Optional.of(prompt.length());
            }
        }
        String history = renderer.render(before, false, Reasoning.AS_GIVEN);
        String prompt = renderer.render(before, true, Reasoning.AS_GIVEN);
        int shared = sharedTags(prompt);
        if (text.startsWith(history) && prompt.startsWith(history) && shared > history.length()) {
            return Optional.of(shared);
        }
        String opening = prompt.startsWith(history) ? prompt.substring(history.length()) : prompt;
        return probes(index).stream()
                .flatMap(probe -> probed(messages, index, probe).stream())
                .map(Probed::before)
                .filter(head -> text.startsWith(head) && head.endsWith(opening))
                .map(String::length)
                .findFirst();
    }

    /** Counts what the text and a generation prompt begin with alike, up to the last tag that is whole. */
    private int sharedTags(String prompt) {
        int shared = 0;
        while (shared < prompt.length() && shared < text.length() && prompt.charAt(shared) == text.charAt(shared)) {
            shared++;
        }
        String head = prompt.substring(0, shared);
        return head.lastIndexOf('<') > head.lastIndexOf('>') ? head.lastIndexOf('<') : shared;
    }

    private Optional<Integer> end(int index) {
        String turn = renderer.render(messages.subList(0, index + 1), false, Reasoning.AS_GIVEN);
        if (text.startsWith(turn)) {
            return Optional.of(withoutSeparator(turn, messages.get(index).content()));
        }
        return probes(index).stream()
                .flatMap(probe -> probedEnd(index, probe).stream())
                .findFirst();
    }

    private Optional<Integer> probedEnd(int index, Message probe) {
        Optional<Probed> whole = probed(messages, index, probe);
        Optional<Probed> alone = probed(messages.subList(0, index + 1), index, probe);
        if (whole.isEmpty() || alone.isEmpty() || !text.endsWith(whole.get().after())) {
            return Optional.empty();
        }
        String after = whole.get().after();
        String closing = alone.get().after();
        // Phi-3's template ends every text, but no turn inside it, with the end-of-text token.
        String inner =
                closing.endsWith(endOfText) ? closing.substring(0, closing.length() - endOfText.length()) : closing;
        for (String candidate : List.of(closing, inner)) {
            String kept = candidate.substring(0, withoutSeparator(candidate, ""));
            if (!kept.isEmpty() && after.startsWith(kept)) {
                return Optional.of(text.length() - after.length() + kept.length());
            }
        }
        return Optional.empty();
    }

    /**
     * Drops the whitespace after an end-of-turn token: the template writes it between turns, the model never does.
     * Where no token closes the turn the whitespace is what closes it, and stays.
     */
    private static int withoutSeparator(String turn, String content) {
        String answer =
                content.substring(content.lastIndexOf("</think>") < 0 ? 0 : content.lastIndexOf("</think>") + 8);
        String stripped = turn.stripTrailing();
        boolean bare = !answer.isBlank() && stripped.endsWith(answer.strip());
        return stripped.isEmpty() || bare ? turn.length() : stripped.length();
    }

    /** Takes in the end-of-text token where the template writes it only before the next turn, as Apertus's does. */
    private int withEndOfText(int end) {
        return text.startsWith(endOfText, end) ? end + endOfText.length() : end;
    }

    /** What stands before and after the probe. */
    private record Probed(String before, String after) {}

    /** A message of the probe alone, and one with the fields of the message it replaces, such as its tool calls. */
    private List<Message> probes(int index) {
        return List.of(Message.assistant(PROBE), messages.get(index).with("content", PROBE));
    }

    private Optional<Probed> probed(List<Message> chat, int index, Message probe) {
        List<Message> copy = new ArrayList<>(chat);
        copy.set(index, probe);
        String rendered;
        try {
            rendered = renderer.render(copy, false, Reasoning.AS_GIVEN);
        } catch (InputException refused) {
            return Optional.empty(); // the template wants the tool call that the probe replaces
        }
        int place = rendered.indexOf(PROBE);
        return place < 0
                ? Optional.empty()
                : Optional.of(new Probed(rendered.substring(0, place), rendered.substring(place + PROBE.length())));
    }
}
