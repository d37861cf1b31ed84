package dev.crema.cli;

import dev.crema.infer.GeneratedText;
import dev.crema.infer.LanguageModel;
import dev.crema.infer.TextGenerator;
import dev.crema.infer.TextOptions;
import dev.crema.infer.WarmUp;
import dev.crema.text.InputException;
import dev.crema.text.Message;
import dev.crema.train.StopSignal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Chats: reads a line, answers it as it writes, and reads the next.
 *
 * <p>The whole conversation goes through the model's chat template each time, exactly as in training; what it shares
 * with the time before is not run again.
 */
@Command(
        name = "chat",
        description = "Chat with a model, a line at a time.",
        footer = {
            "",
            "/system TEXT  starts a new conversation with these instructions",
            "/reset        starts a new conversation",
            "/exit         ends, as the end of input does",
            "Ctrl-C stops the answer and ends."
        })
final class Chat extends Verb {
    private final InputStream in;
    private final List<Message> messages = new ArrayList<>();
    private final List<Turn> turns = new ArrayList<>();

    @Mixin
    private ModelOptions model;

    @Option(names = "--system", paramLabel = "TEXT", description = "What the model is told first.")
    private Optional<String> system;

    @Mixin
    private SamplingOptions sampling;

    Chat(InputStream in) {
        this.in = in;
    }

    /** A question and what was answered. */
    record Turn(String user, Generate.Document assistant) {}

    @Override
    void run(Console console) throws IOException {
        try (LanguageModel language = model.load();
                TextGenerator generator = new TextGenerator(language)) {
            language.chatTemplate(); // a model without one is refused before the first question
            TextOptions options = sampling.over(language.sampling());
            start(system);
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            PrintStream out = console.out();
            for (String line = first(language, lines, out); !line.equals("/exit"); line = read(lines, out)) {
                if (line.startsWith("/")) {
                    obey(line, console);
                } else if (!line.isBlank()) {
                    answer(line, generator, options.withSeed(options.seed() + turns.size()), out, console);
                }
            }
            console.document(Map.of("turns", turns));
        }
    }

    /** Tells whether somebody types, so that there is time until a line comes. */
    private static boolean typed() {
        return System.console() != null && System.console().isTerminal();
    }

    /** Returns the first line; while somebody types it, the model warms up. */
    private static String first(LanguageModel language, BufferedReader lines, PrintStream out) throws IOException {
        if (!typed()) return read(lines, out);
        try (WarmUp warmUp = WarmUp.of(language)) {
            return read(lines, out);
        }
    }

    /** Returns the next line; the end of input is {@code /exit}. */
    private static String read(BufferedReader lines, PrintStream out) throws IOException {
        if (typed()) {
            out.print("> ");
            out.flush();
        }
        String line = lines.readLine();
        return line == null ? "/exit" : line.strip();
    }

    private void obey(String line, Console console) {
        String[] words = line.split("\\s+", 2);
        switch (words[0]) {
            case "/reset" -> start(system);
            case "/system" -> {
                system = words.length == 1 ? Optional.empty() : Optional.of(words[1]);
                start(system);
            }
            default ->
                console.note("unknown command '" + words[0] + "'"
                        + Nearest.to(words[0], List.of("/exit", "/reset", "/system"))
                                .map(near -> "; did you mean '" + near + "'?")
                                .orElse("; there are /exit, /reset and /system TEXT"));
        }
    }

    private void start(Optional<String> told) {
        messages.clear();
        told.ifPresent(text -> messages.add(Message.system(text)));
    }

    private void answer(
            String question, TextGenerator generator, TextOptions options, PrintStream out, Console console) {
        messages.add(Message.user(question));
        try (StopSignal stop = StopSignal.onShutdown()) {
            GeneratedText answer = generator.answer(messages, options, piece -> {
                out.print(piece);
                out.flush();
                return !stop.asked();
            });
            out.println();
            messages.add(Message.assistant(answer.text()));
            Generate.Document document = Generate.Document.of(answer);
            turns.add(new Turn(question, document));
            console.note(document.summary());
        } catch (InputException e) {
            messages.removeLast();
            console.note("crema: " + e.getMessage() + "; /reset starts a new conversation");
        }
    }
}
