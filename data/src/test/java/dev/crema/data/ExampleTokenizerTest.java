package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.data.Example.Chat;
import dev.crema.data.Example.Completion;
import dev.crema.data.Example.Part;
import dev.crema.data.Example.PlainText;
import dev.crema.text.ChatTemplate;
import dev.crema.text.InputException;
import dev.crema.text.Message;
import dev.crema.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleTokenizerTest {
    private static final String TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}|{% endfor %}"
            + "{% if add_generation_prompt %}[assistant]{% endif %}";

    @TempDir
    Path folder;

    private Tokenizer characters() {
        new CharacterVocabulary(IntStream.rangeClosed(' ', '~').boxed().toList()).write(folder);
        return Tokenizer.load(folder);
    }

    /** Decodes the tokens that bear loss. */
    private static String learned(Tokenizer tokenizer, TokenizedExample example) {
        return tokenizer.decode(
                example.loss().stream().map(i -> example.ids()[i]).toArray());
    }

    @Test
    void onlyTheAssistantIsLearnedAndItsEndOfTurn() {
        try (Tokenizer tokenizer = characters()) {
            ExampleTokenizer examples = ExampleTokenizer.of(tokenizer, ChatTemplate.of(TEMPLATE, Map.of()));
            Chat chat = new Chat(List.of(
                    Message.system("be kind"),
                    Message.user("assistant?"),
                    Message.assistant("first"),
                    Message.user("first"),
                    Message.assistant("second")));
            TokenizedExample tokenized = examples.tokenize(List.of(chat)).getFirst();
            assertThat(tokenizer.decode(tokenized.ids()))
                    .isEqualTo("[system]be kind|[user]assistant?|[assistant]first|[user]first|[assistant]second|");
            assertThat(learned(tokenizer, tokenized)).isEqualTo("first|second|");
        }
    }

    @Test
    void theFirstTokenOfAWordHasItsTag() {
        try (Tokenizer tokenizer = characters()) {
            var example = new Example.Tagged(List.of("EU", "says", "no"), List.of("B-ORG", "O", "B-X"));
            TaggedWords words = TaggedWords.of(example, tokenizer, 9);
            assertThat(tokenizer.decode(words.ids())).isEqualTo("EU says n");
            assertThat(words.tags()).containsExactly("B-ORG", "", "", "O", "", "", "", "", "B-X");
        }
    }

    @Test
    void kindsMayMixAndKeepTheirOrder() {
        try (Tokenizer tokenizer = characters()) {
            ExampleTokenizer examples = ExampleTokenizer.of(tokenizer, ChatTemplate.of(TEMPLATE, Map.of()));
            List<TokenizedExample> tokenized = examples.tokenize(List.of(
                    new PlainText("plain"),
                    new Completion("prompt:", " completion"),
                    new Chat(List.of(Message.user("q"), Message.assistant("a"))),
                    new PlainText("part", Part.FIRST)));
            assertThat(tokenized.stream().map(each -> tokenizer.decode(each.ids())))
                    .containsExactly("plain", "prompt: completion", "[user]q|[assistant]a|", "part");
            assertThat(tokenized.stream().map(each -> learned(tokenizer, each)))
                    .containsExactly("plain", " completion", "a|", "part");
            assertThat(tokenized.getLast().part()).isEqualTo(Part.FIRST);
        }
    }

    @Test
    void chatsWithoutATemplateAndProblemsAreRefused() {
        try (Tokenizer tokenizer = characters()) {
            ExampleTokenizer examples = ExampleTokenizer.of(tokenizer);
            assertThatThrownBy(() -> examples.tokenize(List.of(new Chat(List.of(Message.user("q"))))))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("chat_template.jinja");
            assertThatThrownBy(() ->
                            examples.tokenize(List.of(new Example.Problem(List.of(Message.user("q")), "1", "p1"))))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("p1");
        }
    }

    @Test
    void theTemplateIsPartOfTheFingerprint() {
        try (Tokenizer tokenizer = characters()) {
            String one = ExampleTokenizer.of(tokenizer, ChatTemplate.of(TEMPLATE, Map.of()))
                    .fingerprint();
            String other = ExampleTokenizer.of(tokenizer, ChatTemplate.of(TEMPLATE + " ", Map.of()))
                    .fingerprint();
            assertThat(one)
                    .isNotEqualTo(other)
                    .isNotEqualTo(ExampleTokenizer.of(tokenizer).fingerprint());
        }
    }

    @Test
    @Tag("real-model")
    void aRealModelLearnsTheAnswerAndWhenToStop() {
        Path model = Path.of(System.getProperty("crema.real-model"));
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            ExampleTokenizer examples = ExampleTokenizer.of(tokenizer, ChatTemplate.load(model));
            List<TokenizedExample> tokenized = examples.tokenize(List.of(
                    new Chat(List.of(
                            Message.user("What is 2+2?"),
                            Message.assistant("4, naïvely 🙂"),
                            Message.user("Sure?"),
                            Message.assistant("Yes."))),
                    new PlainText("A text."),
                    new Completion("Q: 2+2? A:", " 4")));
            assertThat(learned(tokenizer, tokenized.getFirst())).isEqualTo("4, naïvely 🙂<|im_end|>Yes.<|im_end|>");
            assertThat(learned(tokenizer, tokenized.get(1))).isEqualTo("A text.<|im_end|>");
            assertThat(learned(tokenizer, tokenized.get(2))).isEqualTo(" 4<|im_end|>");
        }
    }
}
