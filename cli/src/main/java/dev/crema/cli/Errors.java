package dev.crema.cli;

import dev.crema.text.InputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Collection;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line on standard error and an exit code. */
final class Errors implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private final BooleanSupplier debug;

    /** @param debug says whether stack traces are wanted; asked when an error is there, since options are read by then */
    Errors(BooleanSupplier debug) {
        this.debug = debug;
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        CommandLine line = e.getCommandLine();
        PrintWriter err = line.getErr();
        err.println("crema: " + message(e));
        String command = line.getCommandSpec().qualifiedName();
        err.println("'" + command + " --help' lists what it takes.");
        return line.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static String message(ParameterException e) {
        if (!(e instanceof UnmatchedArgumentException unmatched)) {
            return String.valueOf(e.getMessage());
        }
        CommandSpec command = e.getCommandLine().getCommandSpec();
        String word = unmatched.getUnmatched().getFirst();
        if (word.startsWith("-")) {
            return "unknown option '" + word + "'"
                    + meant(word, command.optionsMap().keySet());
        }
        return command.parent() == null
                ? "unknown verb '" + word + "'"
                        + meant(word, command.subcommands().keySet())
                : "'" + word + "' is one argument too many";
    }

    private static String meant(String word, Collection<String> words) {
        return Nearest.to(word, words)
                .map(near -> "; did you mean '" + near + "'?")
                .orElse("");
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine line, ParseResult parsed) {
        PrintWriter err = line.getErr();
        err.println("crema: " + oneLine(e));
        if (debug.getAsBoolean()) {
            e.printStackTrace(err);
        }
        return line.getCommandSpec().exitCodeOnExecutionException();
    }

    private static String oneLine(Exception e) {
        String line = switch (e) {
            case InputException input -> String.valueOf(input.getMessage());
            case UncheckedIOException io when io.getCause() != null -> ofFile(io.getCause());
            case IOException io -> ofFile(io);
            default ->
                "internal error, please report it with the output of --debug: "
                        + e.getClass().getSimpleName() + ": " + e.getMessage();
        };
        return line.lines().map(String::strip).reduce((a, b) -> a + " " + b).orElse("");
    }

    private static String ofFile(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "no such file: " + missing.getFile();
            case AccessDeniedException denied -> "no permission to use " + denied.getFile();
            case FileSystemException other -> other.getFile() + ": " + other.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
