package dev.crema.text;

import java.util.List;

/**
 * A chat as text, with the stretches that the assistant wrote: the only tokens a fine-tuning loss should count.
 *
 * @param assistantSpans in order, none overlapping; each runs from after the turn's header to the end-of-turn token,
 *     which is included, so that the model learns to stop
 */
public record RenderedChat(String text, List<Span> assistantSpans) {
    public RenderedChat {
        assistantSpans = List.copyOf(assistantSpans);
        int last = 0;
        for (Span span : assistantSpans) {
            if (span.start() < last || span.end() > text.length()) {
                throw new IllegalArgumentException(
                        span + " is out of order or beyond the text's " + text.length() + " chars");
            }
            last = span.end();
        }
    }

    /** A stretch of the text in Java chars, {@code end} exclusive. */
    public record Span(int start, int end) {
        public Span {
            if (start < 0 || end < start) {
                throw new IllegalArgumentException("a span runs from " + start + " to " + end);
            }
        }

        /** Give the stretch itself. */
        public String of(String text) {
            return text.substring(start, end);
        }
    }
}
