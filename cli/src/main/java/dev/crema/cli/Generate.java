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
import java.nio.file.Files;
import java.nio.file.Path;
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

/** Continues prompts, or answers them as chats. */
@Command(name = "generate", description = "Continue prompts, or answer them with --chat.")
final class Generate extends Verb {
    private final InputStream in;

    @Mixin
    private ModelOptions model;

    /** Prompts that are answered together. */
    private static final int BATCH = 64;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "The prompt; - reads it from standard input. Several are answered together.")
    private List<String> prompts = List.of();

    @Option(names = "--prompts", paramLabel = "FILE", description = "Text file with a prompt on each line.")
    private Optional<Path> file;

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
        List<String> texts = texts();
        try (LanguageModel language = model.load();
                TextGenerator generator = new TextGenerator(language)) {
            TextOptions options = sampling.over(language.sampling());
            if (texts.size() == 1) one(texts.getFirst(), generator, options, console);
            else several(texts, generator, options, console);
        }
    }

    private List<String> texts() throws IOException {
        List<String> texts = new ArrayList<>();
        for (String prompt : prompts) texts.add(prompt.equals("-") ? standardInput() : prompt);
        if (file.isPresent()) {
            try {
                texts.addAll(Files.readAllLines(file.get()));
            } catch (IOException e) {
                throw new InputException(file.get() + " cannot be read as UTF-8 text: " + e, e);
            }
        }
        if (texts.isEmpty()) {
            throw new ParameterException(command.commandLine(), "Missing required option: '--prompt=TEXT'");
        }
        if (texts.contains("")) {
            String which = texts.size() == 1 ? "the prompt" : "prompt " + (texts.indexOf("") + 1);
            throw new InputException(which + " is empty; give a text to continue");
        }
        return texts;
    }

    private void one(String text, TextGenerator generator, TextOptions options, Console console) {
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

    /** What {@code --json} prints of several prompts, in their order. */
    record Documents(List<Document> generations) {}

    private void several(List<String> texts, TextGenerator generator, TextOptions options, Console console) {
        List<Document> documents = new ArrayList<>();
        for (int from = 0; from < texts.size(); from += BATCH) {
            List<String> batch = texts.subList(from, Math.min(texts.size(), from + BATCH));
            List<GeneratedText> generated = chat
                    ? generator.answerAll(batch.stream().map(this::messages).toList(), options)
                    : generator.completeAll(batch, options);
            for (GeneratedText each : generated) {
                documents.add(Document.of(each));
                console.out().println("[" + documents.size() + "] " + each.text());
            }
            console.note(String.format(
                    Locale.ROOT,
                    "[%d of %d prompts; prefill %.1f, decode %.1f tokens/s together]",
                    documents.size(),
                    texts.size(),
                    documents.getLast().prefillTokensPerS(),
                    documents.getLast().decodeTokensPerS()));
        }
        console.document(new Documents(documents));
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
