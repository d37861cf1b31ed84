package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.Stage;
import dev.crema.cli.recipe.StageContext;
import dev.crema.data.CharacterVocabulary;
import dev.crema.data.Example;
import dev.crema.data.ExampleReader;
import dev.crema.data.ExampleSource;
import dev.crema.text.Message;
import dev.crema.text.SpecialTokens.Role;
import dev.crema.text.bpe.BpeProgress;
import dev.crema.text.bpe.BpeTrainer;
import dev.crema.text.bpe.BpeTraining;
import dev.crema.text.bpe.PreTokenization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Trains a tokenizer.
 *
 * @param vocabulary ids in all
 * @param preTokenization how text is cut into words
 * @param specialTokens tokens of their own besides the one that ends a text
 * @param endOfText the token that ends a text
 * @param purpose the kind of model that it is for, which decides more special tokens
 * @param chatTemplate Jinja that writes a conversation; empty for none
 */
public record TokenizerStage(
        DataSettings data,
        @Default("bpe") Kind kind,
        @Default("8192") int vocabulary,
        @Default("gpt2_single_digits") PreTokenization preTokenization,
        @Default("[]") List<String> specialTokens,
        @Default("<|endoftext|>") String endOfText,
        @Default("decoder") Purpose purpose,
        @Default("''") String chatTemplate)
        implements Stage {
    public TokenizerStage {
        Check.atLeast("vocabulary", vocabulary, 1);
    }

    /** What the tokens are. */
    public enum Kind {
        /** Pieces of bytes that often occur together. */
        BPE,
        /** Single characters. */
        CHARACTERS
    }

    /** The kind of model that a tokenizer is for. */
    public enum Purpose {
        DECODER,
        /** A masked language model: {@code [PAD]}, {@code [UNK]}, {@code [CLS]}, {@code [SEP]} and {@code [MASK]}. */
        ENCODER,
        /** One that is pretrained on spans: {@code <pad>} and a hundred sentinels, {@code <extra_id_0>} and on. */
        ENCODER_DECODER;

        private static final int SENTINELS = 100;

        private Map<Role, String> roles() {
            return switch (this) {
                case DECODER -> Map.of();
                case ENCODER ->
                    Map.of(
                            Role.PAD, "[PAD]",
                            Role.UNK, "[UNK]",
                            Role.CLS, "[CLS]",
                            Role.SEP, "[SEP]",
                            Role.MASK, "[MASK]");
                case ENCODER_DECODER -> Map.of(Role.PAD, "<pad>");
            };
        }

        private List<String> specials() {
            return switch (this) {
                case DECODER -> List.of();
                case ENCODER -> List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");
                case ENCODER_DECODER ->
                    Stream.concat(
                                    Stream.of("<pad>"),
                                    IntStream.range(0, SENTINELS).mapToObj(i -> "<extra_id_" + i + ">"))
                            .toList();
            };
        }
    }

    @Override
    public List<Input> inputs() {
        return data.inputs();
    }

    @Override
    public void run(StageContext context) {
        ExampleSource source = data.source(context.seed());
        switch (kind) {
            case CHARACTERS -> CharacterVocabulary.of(source).write(context.folder());
            case BPE -> {
                List<String> specials = new ArrayList<>(purpose.specials());
                specials.add(endOfText);
                specials.addAll(specialTokens);
                BpeTraining training = BpeTraining.of(vocabulary, specials)
                        .withPreTokenization(preTokenization)
                        .withRole(Role.EOS, endOfText);
                for (var role : purpose.roles().entrySet()) {
                    training = training.withRole(role.getKey(), role.getValue());
                }
                try (ExampleReader reader = source.open()) {
                    Iterable<String> texts = () -> new Texts(reader);
                    var trained = BpeTrainer.trainOnTexts(training, texts, progress(context));
                    if (chatTemplate.isEmpty()) trained.save(context.folder());
                    else trained.save(context.folder(), chatTemplate);
                }
            }
        }
    }

    /** Shows the reading where the size of what is read is known, and then the merges. */
    private BpeProgress progress(StageContext context) {
        long bytes = bytes();
        return (part, done, total) -> {
            switch (part) {
                case COUNTING -> {
                    if (bytes > 0) context.progress(Math.min(done, bytes), bytes, "bytes", "reading");
                }
                case MERGING -> context.progress(done, total, "tokens", "merging");
            }
        };
    }

    private long bytes() {
        long bytes = 0;
        for (Input input : data.inputs()) {
            if (input instanceof Input.File(Path file)) bytes += file.toFile().length();
        }
        return bytes;
    }

    private record Texts(ExampleReader reader) implements Iterator<String> {
        @Override
        public boolean hasNext() {
            return reader.hasNext();
        }

        @Override
        public String next() {
            return switch (reader.next()) {
                case Example.PlainText(String text, var part) -> text;
                case Example.Completion(String prompt, String completion) -> prompt + completion;
                case Example.Chat chat -> joined(chat.messages());
                case Example.Problem problem -> joined(problem.prompt());
                case Example.Tagged tagged -> String.join(" ", tagged.words());
            };
        }

        private static String joined(List<Message> messages) {
            return messages.stream().map(Message::content).collect(Collectors.joining("\n"));
        }
    }
}
