package dev.crema.cli.stage;

import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.StageContext;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.text.InputException;
import dev.crema.text.ModelTexts;
import dev.crema.text.Tokenizer;
import dev.crema.text.gguf.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a stage's {@code from} points: the name of an earlier stage, or a model, a folder or a GGUF file, written as a path. */
final class Models {
    private Models() {}

    static Input input(String from) {
        return isPath(from) ? new Input.File(Path.of(from)) : new Input.Output(from);
    }

    /** Returns the model's folder, or its GGUF file. */
    static Path folder(String from, StageContext context) {
        if (!isPath(from)) return context.output(from).resolve("model");
        Path model = Path.of(from);
        if (!Files.isDirectory(model) && !GgufFile.isGguf(model)) {
            throw new InputException("There is no model folder or GGUF file " + from);
        }
        return model;
    }

    /** Returns where a tokenizer stage or a model left its tokenizer. */
    static Path tokenizer(String from, StageContext context) {
        return isPath(from) ? Path.of(from) : context.output(from);
    }

    static boolean isPath(String from) {
        return from.contains("/") || from.contains("\\") || from.startsWith(".");
    }

    /**
     * Checks that a model knows all that its tokenizer may give it.
     *
     * @throws InputException if the tokenizer has more tokens
     */
    static void checkFit(ModelFolder folder, Tokenizer tokenizer) {
        int known = folder.description().vocabularySize();
        if (tokenizer.vocabularySize() > known) {
            throw new InputException(folder.path() + ": the tokenizer has " + tokenizer.vocabularySize()
                    + " tokens, the model only " + known + "; use the tokenizer that the model was trained with");
        }
    }

    /** Copies tokenizer, template and generation settings of a model beside the weights of the next. */
    static void copyCompanions(Path source, Path target) throws IOException {
        ModelTexts.of(source).save(target);
    }
}
