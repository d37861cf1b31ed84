package dev.crema.infer;

import dev.crema.text.Detokenizer;
import java.util.Set;

/** A sequence's text, put together token by token up to a stop string, and shown as far as it is certain. */
final class WrittenText {
    private final Set<Integer> stopIds;
    private final Detokenizer detokenizer;
    private final StopStrings stops;
    private final TextListener listener;
    private final StringBuilder text = new StringBuilder();

    WrittenText(LanguageModel model, TextOptions options, TextListener listener) {
        this.stopIds = model.stopIds();
        this.detokenizer = model.tokenizer().textDetokenizer();
        this.stops = new StopStrings(options.stops());
        this.listener = listener;
    }

    /** Takes the next token; returns whether the sequence goes on. */
    boolean append(int token) {
        if (stopIds.contains(token)) return true; // the generator ends it
        String piece = stops.append(detokenizer.append(token));
        text.append(piece);
        return listener.accept(piece) && !stops.found();
    }

    /** Ends the text and returns all of it. */
    String finish() {
        String last = stops.append(detokenizer.finish()) + stops.finish();
        if (!last.isEmpty()) listener.accept(last);
        return text.append(last).toString();
    }
}
