package dev.crema.infer;

import dev.crema.infer.Completion.FinishReason;

/**
 * What a model wrote after a prompt, as text.
 *
 * @param text without special tokens and without the stop string
 * @param ids the new tokens, those that stopped it included
 * @param promptTokens tokens of the prompt
 * @param prefillTokensPerSecond of the prompt's tokens that had to be run
 * @param decodeTokensPerSecond of the new tokens after the first; 0 if there was one alone
 */
public record GeneratedText(
        String text,
        int[] ids,
        FinishReason finishReason,
        int promptTokens,
        double prefillTokensPerSecond,
        double decodeTokensPerSecond) {}
