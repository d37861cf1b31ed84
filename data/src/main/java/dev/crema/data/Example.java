package dev.crema.data;

import dev.crema.text.Message;
import java.util.List;
import java.util.Map;

/** One example to learn from, before tokenization. */
public sealed interface Example {
    /** Where a piece of text stands in its document. */
    enum Part {
        WHOLE,
        FIRST,
        MIDDLE,
        LAST;

        /** Tells whether a document begins here. */
        public boolean begins() {
            return this == WHOLE || this == FIRST;
        }

        /** Tells whether a document ends here. */
        public boolean ends() {
            return this == WHOLE || this == LAST;
        }
    }

    /** Text to predict in full; a long document comes in parts, in order. */
    record PlainText(String text, Part part) implements Example {
        public PlainText(String text) {
            this(text, Part.WHOLE);
        }
    }

    /** A completion to predict after a prompt. */
    record Completion(String prompt, String completion) implements Example {}

    /**
     * A conversation, of which what the assistant says is to be predicted.
     *
     * @param tools JSON schemas of the functions that the assistant may call; often none
     */
    record Chat(List<Message> messages, List<Map<String, Object>> tools) implements Example {
        public Chat {
            messages = List.copyOf(messages);
            tools = List.copyOf(tools);
        }

        public Chat(List<Message> messages) {
            this(messages, List.of());
        }
    }

    /**
     * A problem for reinforcement learning: a prompt, and the answer that a reward compares with.
     *
     * @param id names the problem in reports
     */
    record Problem(List<Message> prompt, String answer, String id) implements Example {
        public Problem {
            prompt = List.copyOf(prompt);
        }
    }

    /** A text in words, each with a tag, such as {@code B-PER} where a person's name begins. */
    record Tagged(List<String> words, List<String> tags) implements Example {
        public Tagged {
            words = List.copyOf(words);
            tags = List.copyOf(tags);
        }
    }

    /** Counts the characters, roughly, to bound what is held in memory. */
    default long chars() {
        return switch (this) {
            case PlainText(String text, Part part) -> text.length();
            case Completion(String prompt, String completion) -> prompt.length() + completion.length();
            case Chat(List<Message> messages, List<Map<String, Object>> tools) -> chars(messages);
            case Problem(List<Message> prompt, String answer, String id) -> chars(prompt);
            case Tagged(List<String> words, List<String> tags) ->
                words.stream().mapToLong(word -> 16 + word.length()).sum();
        };
    }

    private static long chars(List<Message> messages) {
        return messages.stream()
                .mapToLong(message -> 16 + message.content().length())
                .sum();
    }
}
