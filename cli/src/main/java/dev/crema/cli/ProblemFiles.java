package dev.crema.cli;

import java.nio.file.Path;

/** Writes the problems that a verb was given as a recipe does. */
final class ProblemFiles {
    static final String HELP = "JSON Lines with question and answer, as GSM8K has them; or the word arithmetic, for the"
            + " quickstart's problems.";

    private static final Path BUILT_IN = Path.of("arithmetic");

    /** As many tokens as the quickstart gives them. */
    private static final String SHORT = ", max_tokens: 96";

    private ProblemFiles() {}

    static String train(Path problems) {
        return problems.equals(BUILT_IN) ? "problems: arithmetic" + SHORT : files(problems);
    }

    static String test(Path problems) {
        return problems.equals(BUILT_IN) ? "problems: {arithmetic: {split: test}}" + SHORT : files(problems);
    }

    private static String files(Path problems) {
        return "problems: {files: {path: " + StageVerb.path(problems) + "}}";
    }
}
