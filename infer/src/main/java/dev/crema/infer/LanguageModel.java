package dev.crema.infer;

import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.text.ChatTemplate;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.nio.file.Path;
import java.util.Set;

/** A decoder with the tokenizer, chat template and sampling that belong to it: all that it takes to write text. */
public final class LanguageModel implements AutoCloseable {
    private final Path folder;
    private final Decoder decoder;
    private final Tokenizer tokenizer;
    private final Sampling sampling;

    private LanguageModel(Path folder, Decoder decoder, Tokenizer tokenizer, Sampling sampling) {
        this.folder = folder;
        this.decoder = decoder;
        this.tokenizer = tokenizer;
        this.sampling = sampling;
    }

    /**
     * Loads a model's folder in Hugging Face's form, or a GGUF file.
     *
     * @throws InputException if a file is missing or malformed, or tokenizer and model do not belong together
     */
    public static LanguageModel load(Path folder, DType dtype, Device device) {
        ModelFolder model = ModelFolder.open(folder);
        Sampling sampling = GenerationDefaults.read(folder);
        Tokenizer tokenizer = Tokenizer.load(folder);
        try {
            int rows = model.config().vocabularySize();
            if (tokenizer.vocabularySize() > rows) {
                throw new InputException(folder + ": the tokenizer has " + tokenizer.vocabularySize()
                        + " tokens, the model " + rows + ": they do not belong together");
            }
            return new LanguageModel(folder, model.load(dtype, device), tokenizer, sampling);
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    public Decoder decoder() {
        return decoder;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * Reads the chat template; a base model has none, and needs none to continue a text.
     *
     * @throws InputException if there is none or it is malformed
     */
    public ChatTemplate chatTemplate() {
        return ChatTemplate.load(folder);
    }

    /** Returns how {@code generation_config.json} wants the next token chosen; greedily where it does not say. */
    public Sampling sampling() {
        return sampling;
    }

    /** Returns the tokens that end an answer. */
    public Set<Integer> stopIds() {
        return tokenizer.specials().stopIds();
    }

    @Override
    public void close() {
        decoder.close();
        tokenizer.close();
    }
}
