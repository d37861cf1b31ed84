package dev.crema.model;

/** Describes a model in full: families differ by this and by the names of their weights alone. */
public sealed interface ModelConfig permits ArchConfig, EncoderConfig, EncoderDecoderConfig {
    /** Returns the rows of the token embedding. */
    int vocabularySize();

    /** Returns the width D of the residual stream. */
    int hiddenSize();

    /** Returns the number of blocks; of an encoder-decoder, those of both sides. */
    int layers();

    /** Returns the longest sequence whose positions the model knows. */
    int context();
}
