package dev.crema.cli;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.crema.infer.GeneratedText;
import dev.crema.infer.LanguageModel;
import dev.crema.infer.TextGenerator;
import dev.crema.infer.TextListener;
import dev.crema.infer.TextOptions;
import dev.crema.text.InputException;
import dev.crema.text.Message;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Continues a prompt, or answers it as a chat. */
@Command(name = "generate", description = "Continue a prompt, or answer it with --chat.")
final class Generate extends Verb {
    private final InputStream in;

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--prompt",
            required = true,
            paramLabel = "TEXT",
            description = "The prompt; - reads it from standard input.")
    private String prompt;

    @Option(names = "--chat", description = "Put the prompt through the model's chat template.")
    private boolean chat;

    @Option(names = "--system", paramLabel = "TEXT", description = "What the model is told first; needs --chat.")
    private Optional<String> system;

    @Mixin
    private SamplingOptions sampling;

    @Spec
    private CommandSpec command;

    Generate(InputStream in) {
        this.in = in;
    }

    /** What {@code --json} prints. */
    @JsonNaming(SnakeCaseStrategy.class)
    record Document(
            String text,
            int[] ids,
            String finishReason,
            int promptTokens,
            int completionTokens,
            double prefillTokensPerS,
            double decodeTokensPerS) {
        static Document of(GeneratedText generated) {
            return new Document(
                    generated.text(),
                    generated.ids(),
                    generated.finishReason().name().toLowerCase(Locale.ROOT),
                    generated.promptTokens(),
                    generated.ids().length,
                    tenths(generated.prefillTokensPerSecond()),
                    tenths(generated.decodeTokensPerSecond()));
        }

        private static double tenths(double rate) {
            return Math.round(rate * 10) / 10.0;
        }

        String summary() {
            return String.format(
                    Locale.ROOT,
                    "[%d + %d tokens, %s; prefill %.1f, decode %.1f tokens/s]",
                    promptTokens,
                    completionTokens,
                    finishReason,
                    prefillTokensPerS,
                    decodeTokensPerS);
        }
    }

    @Override
    void run(Console console) throws IOException {
        if (system.isPresent() && !chat) {
            throw new ParameterException(command.commandLine(), "--system needs --chat");
        }
        String text = prompt.equals("-") ? standardInput() : prompt;
        if (text.isEmpty()) {
            throw new InputException("the prompt is empty; give --prompt a text to continue");
        }
        try (LanguageModel language = model.load();
                TextGenerator generator = new TextGenerator(language)) {
            TextOptions options = sampling.over(language.sampling());
            PrintStream out = console.out();
            TextListener show = piece -> {
                out.print(piece);
                out.flush();
                return true;
            };
            GeneratedText generated =
                    chat ? generator.answer(messages(text), options, show) : generator.complete(text, options, show);
            out.println();
            Document document = Document.of(generated);
            console.document(document);
            console.note(document.summary());
        }
    }

    private String standardInput() throws IOException {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    private List<Message> messages(String text) {
        List<Message> messages = new ArrayList<>();
        system.ifPresent(told -> messages.add(Message.system(told)));
        messages.add(Message.user(text));
        return messages;
    }
}
