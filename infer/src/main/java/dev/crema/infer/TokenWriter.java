package dev.crema.infer;

/** Writes tokens after one prompt at a time; it owns what it keeps of them, and not the model. */
interface TokenWriter extends AutoCloseable {
    /** Writes one completion; {@code promptTokens} of the result counts the tokens that had to be run. */
    Generator.Result complete(int[] prompt, GenerationOptions options, TokenListener listener);

    @Override
    void close();
}
