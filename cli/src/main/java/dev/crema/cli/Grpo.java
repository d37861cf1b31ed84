package dev.crema.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Teaches a model by rewards on problems whose answers can be checked. */
@Command(name = "grpo", description = "Teach a model by rewards on problems with known answers.")
final class Grpo extends StageVerb {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "Folder of the model, in Hugging Face's form, or a GGUF file.")
    private Path model;

    @Parameters(index = "1", paramLabel = "PROBLEMS", description = ProblemFiles.HELP)
    private Path problems;

    @Override
    String stage() {
        return "grpo";
    }

    @Override
    String stages() {
        return "  - grpo: {from: %s, %s}\n".formatted(path(Folders.model(model)), ProblemFiles.train(problems));
    }
}
