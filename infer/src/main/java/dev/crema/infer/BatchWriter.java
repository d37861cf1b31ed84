package dev.crema.infer;

import dev.crema.model.Decoder;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.Model;
import dev.crema.text.InputException;
import java.util.List;

/** Writes about a batch of prompts, all sequences one token at a time. */
public sealed interface BatchWriter permits Generator, PairGenerator {
    /**
     * Returns what writes with a model.
     *
     * @throws InputException if the model writes no text
     */
    static BatchWriter of(Model model) {
        return switch (model) {
            case Decoder decoder -> new Generator(decoder);
            case EncoderDecoder both -> new PairGenerator(both);
            case Encoder encoder ->
                throw new InputException("an encoder writes no text; take a decoder or an encoder-decoder");
        };
    }

    /**
     * Writes {@code samples} completions of each prompt.
     *
     * @throws InputException if a prompt is empty, too long for the model, or has an id outside the vocabulary
     */
    Generator.Result generate(List<int[]> prompts, int samples, GenerationOptions options, TokenListener listener);
}
