package dev.crema.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/**
 * Is where a verb writes: its result to standard output, as text or as one JSON document, all else to standard error.
 *
 * <p>A verb writes its text to {@link #out} and hands the same result to {@link #document}; of the two, one is seen.
 */
final class Console {
    private static final String TERMINAL = "crema.terminal";

    private final PrintStream stdout;
    private final PrintStream err;
    private final boolean json;
    private final boolean terminal;
    private boolean documented;

    Console(PrintStream out, PrintStream err, boolean json) {
        this(out, err, json, errIsTerminal());
    }

    Console(PrintStream out, PrintStream err, boolean json, boolean terminal) {
        this.stdout = out;
        this.err = err;
        this.json = json;
        this.terminal = terminal;
    }

    /** Tells whether the result is to be a JSON document. */
    boolean json() {
        return json;
    }

    /** Returns standard output for text; under {@code --json} what is written to it goes nowhere. */
    PrintStream out() {
        return json ? new PrintStream(OutputStream.nullOutputStream()) : stdout;
    }

    /**
     * Prints {@code result} as the JSON document of this run under {@code --json}, and does nothing otherwise.
     *
     * @param result a record, map, list or Jackson node
     * @throws IllegalStateException if the run has printed its document already
     */
    void document(Object result) {
        if (!json) {
            return;
        }
        if (documented) {
            throw new IllegalStateException("a run prints one JSON document, and this one has printed it");
        }
        documented = true;
        try {
            stdout.println(new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValueAsString(result));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("result does not go into JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** Prints a line for the person who waits, on standard error. */
    void note(String line) {
        err.println(line);
    }

    /**
     * Shows how far work has come, on standard error: a bar on a terminal, elsewhere a line at most every ten seconds.
     *
     * @param what names the work, such as {@code "pretrain"}
     * @param total how many units the work has
     * @param unit names them in the plural, such as {@code "steps"}
     */
    Progress progress(String what, long total, String unit) {
        long pause = terminal ? TimeUnit.MILLISECONDS.toNanos(100) : TimeUnit.SECONDS.toNanos(10);
        return new Progress(err, terminal, what, total, unit, pause, System::nanoTime);
    }

    /** The launcher knows whether standard error is a terminal, which Java alone cannot tell. */
    private static boolean errIsTerminal() {
        String told = System.getProperty(TERMINAL);
        return told == null ? System.console() != null && System.console().isTerminal() : told.equals("true");
    }
}
