package dev.crema.model;

import dev.crema.tensor.DType;
import dev.crema.tensor.Device;

/**
 * A transformer over its weights, which it owns.
 *
 * <p>A decoder predicts the next token from those before it (GPT), an encoder gives each token a vector that depends on
 * both sides (BERT), an encoder-decoder reads one text whole and writes another token by token (T5).
 */
public sealed interface Model extends AutoCloseable permits Decoder, Encoder, EncoderDecoder {
    ModelConfig config();

    Weights weights();

    /** Returns the type that the model computes in. */
    default DType dtype() {
        return weights().get("tokens.weight").dtype();
    }

    default Device device() {
        return weights().get("tokens.weight").device();
    }

    @Override
    default void close() {
        weights().close();
    }

    /** Builds the model that a description says over its weights, which it takes into its ownership. */
    static Model of(ModelConfig config, Weights weights) {
        return switch (config) {
            case ArchConfig decoder -> Decoder.of(decoder, weights);
            case EncoderConfig encoder -> Encoder.of(encoder, weights);
            case EncoderDecoderConfig both -> EncoderDecoder.of(both, weights);
        };
    }
}
