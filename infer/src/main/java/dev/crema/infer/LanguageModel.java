package dev.crema.infer;

import dev.crema.model.Decoder;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.Model;
import dev.crema.model.ModelConfig;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.text.ChatTemplate;
import dev.crema.text.InputException;
import dev.crema.text.SpecialTokens.SpecialToken;
import dev.crema.text.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A decoder or an encoder-decoder with the tokenizer, chat template and sampling that belong to it: all that it takes to
 * write text.
 */
public final class LanguageModel implements AutoCloseable {
    private final Path folder;
    private final Model model;
    private final Tokenizer tokenizer;
    private final Sampling sampling;

    private LanguageModel(Path folder, Model model, Tokenizer tokenizer, Sampling sampling) {
        this.folder = folder;
        this.model = model;
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
        if (model.family().kind() == Family.Kind.ENCODER) {
            throw new InputException(folder + " holds a " + model.family().modelType()
                    + " model, which is encoder-only and writes no text; embed turns texts into vectors with it");
        }
        Sampling sampling = GenerationDefaults.read(folder);
        Tokenizer tokenizer = model.tokenizer();
        try {
            return new LanguageModel(folder, model.load(Model.class, dtype, device), tokenizer, sampling);
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    /**
     * Returns the decoder.
     *
     * @throws InputException if the model is an encoder-decoder
     */
    public Decoder decoder() {
        if (model instanceof Decoder decoder) return decoder;
        throw new InputException(folder + " holds an encoder-decoder; this needs a decoder");
    }

    /** Returns the model's shape. */
    ModelConfig config() {
        return model.config();
    }

    /** Returns what writes with the model. */
    TokenWriter writer() {
        return switch (model) {
            case Decoder decoder -> new Session(decoder);
            case EncoderDecoder both -> new PairGenerator(both);
            case Encoder encoder -> throw new IllegalStateException("an encoder writes no text");
        };
    }

    /** Returns what writes about several prompts at once with the model. */
    BatchWriter batchWriter() {
        return BatchWriter.of(model);
    }

    /** Tokenizes a prompt, with what the tokenizer puts around one, and the end that an encoder-decoder learnt to read. */
    int[] promptIds(String text) {
        int[] ids = tokenizer.encodeWithSpecials(text);
        if (!(model instanceof EncoderDecoder)) return ids;
        OptionalInt end =
                tokenizer.specials().eos().stream().mapToInt(SpecialToken::id).findFirst();
        boolean ended = end.isEmpty() || ids.length > 0 && ids[ids.length - 1] == end.getAsInt();
        return ended ? ids : IntStream.concat(Arrays.stream(ids), end.stream()).toArray();
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
        model.close();
        tokenizer.close();
    }
}
