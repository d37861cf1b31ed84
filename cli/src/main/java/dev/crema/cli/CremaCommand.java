package dev.crema.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** Is the command {@code crema}: the list of verbs, and the options that all of them take. */
@Command(
        name = "crema",
        description = "The whole life of a language model on the JVM.",
        versionProvider = Version.class,
        synopsisSubcommandLabel = "VERB",
        commandListHeading = "%nVerbs:%n",
        footer = {"", "crema VERB --help tells more of a verb."})
final class CremaCommand implements Runnable {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Print this help and exit.")
    @SuppressWarnings("unused") // picocli acts on it
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Print the version and exit.")
    @SuppressWarnings("unused") // picocli acts on it
    private boolean version;

    @Option(
            names = "--json",
            scope = ScopeType.INHERIT,
            description = "Print one JSON document on standard output, and nothing else there.")
    private boolean json;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Log what happens to standard error.")
    private boolean verbose;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Log more, and print the stack trace of an error.")
    private boolean debug;

    @Spec
    private CommandSpec spec;

    private final PrintStream out;
    private final PrintStream err;

    private CremaCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /** Returns the verbs, new ones each time, in the order in which the help lists them. */
    static List<Verb> verbs() {
        return List.of(
                new Quickstart(),
                new Run(),
                new Pretrain(),
                new Sft(),
                new Grpo(),
                new Eval(),
                new Chat(System.in),
                new Generate(System.in),
                new Forward(),
                new Embed(),
                new Classify(),
                new Inspect(),
                new Pull(System.getenv()),
                new Import(),
                new Export(),
                new Bench());
    }

    /** Returns the command line of {@code verbs}, with results on {@code out} and all else on {@code err}. */
    static CommandLine commandLine(PrintStream out, PrintStream err, List<Verb> verbs) {
        CremaCommand crema = new CremaCommand(out, err);
        CommandLine line = new CommandLine(crema);
        verbs.forEach(line::addSubcommand);
        Errors errors = new Errors(() -> crema.debug);
        return line.setOut(new PrintWriter(out, true, out.charset()))
                .setErr(new PrintWriter(err, true, err.charset()))
                .setExpandAtFiles(false)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(100)
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors);
    }

    /** Returns the console of one run of a verb, with logging set as its options say. */
    Console console() {
        if (verbose || debug) {
            LoggerContext logs = (LoggerContext) LoggerFactory.getILoggerFactory();
            logs.getLogger("dev.crema").setLevel(debug ? Level.DEBUG : Level.INFO);
        }
        return new Console(out, err, json);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no verb given");
    }
}
