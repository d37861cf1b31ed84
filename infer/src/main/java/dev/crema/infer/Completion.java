package dev.crema.infer;

/**
 * What a model wrote after a prompt.
 *
 * @param prompt the number of the prompt in the request
 * @param ids the new tokens, the one that stopped it included
 * @param logProbabilities of each new token at the sampling temperature
 */
public record Completion(int prompt, int[] ids, float[] logProbabilities, FinishReason finishReason) {
    /** Why a sequence ended. */
    public enum FinishReason {
        /** A stop token or stop string came. */
        STOP,
        /** The limit of tokens was reached. */
        LENGTH
    }
}
