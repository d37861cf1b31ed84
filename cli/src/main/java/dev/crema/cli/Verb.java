package dev.crema.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.ParentCommand;

/**
 * Is one verb of the command line: a class with picocli's {@code @Command}, options as fields, and {@link #run}.
 *
 * <p>A verb that returns has succeeded. Bad input is an {@link dev.crema.text.InputException}, whose message alone is
 * printed; a combination of options that makes no sense is a {@link picocli.CommandLine.ParameterException}.
 */
abstract class Verb implements Callable<Integer> {
    @ParentCommand
    private CremaCommand crema;

    /** Does the verb's work and writes its result to {@code console}. */
    abstract void run(Console console) throws Exception;

    @Override
    public final Integer call() throws Exception {
        run(crema.console());
        return 0;
    }
}
