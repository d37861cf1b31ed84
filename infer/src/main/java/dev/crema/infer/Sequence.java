package dev.crema.infer;

import dev.crema.infer.Completion.FinishReason;
import java.util.Arrays;

/** One completion being written. */
final class Sequence {
    private final int number;
    private final int prompt;
    private final int limit;
    private final GenerationOptions options;
    private final Sampler sampler;
    private int[] ids = new int[32];
    private float[] logProbabilities = new float[32];
    private int length;
    private FinishReason finishReason = FinishReason.LENGTH;

    /** Its row in the cache, which changes when the batch is packed. */
    int row;

    /**
     * @param number of the sequence in the request; it chooses the random stream and the first row
     * @param prompt number of the prompt
     * @param promptIds the prompt itself
     * @param context tokens that the model can hold, the prompt's included
     */
    Sequence(int number, int prompt, int[] promptIds, int context, GenerationOptions options) {
        this.number = number;
        this.prompt = prompt;
        this.row = number;
        this.limit = Math.min(options.maxTokens(), context - promptIds.length);
        this.options = options;
        this.sampler = new Sampler(options.sampling(), options.seed(), number, promptIds);
    }

    int prompt() {
        return prompt;
    }

    /** Returns the number of tokens after which it ends whatever comes. */
    int limit() {
        return limit;
    }

    /** Copies the first of its new tokens into a stretch. */
    void copy(int[] to, int from, int end) {
        System.arraycopy(ids, 0, to, from, end - from);
    }

    int lastToken() {
        return ids[length - 1];
    }

    /** Chooses the next token from its logits, which are overwritten; returns whether the sequence goes on. */
    boolean take(float[] logits, TokenListener listener) {
        return take(choose(logits), listener);
    }

    /** Chooses the next token from its logits, which are overwritten. Different sequences may do so at once. */
    Sampler.Choice choose(float[] logits) {
        return sampler.choose(logits);
    }

    /** Adds a token; returns whether the sequence goes on. */
    boolean take(Sampler.Choice choice, TokenListener listener) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, 2 * length);
            logProbabilities = Arrays.copyOf(logProbabilities, 2 * length);
        }
        ids[length] = choice.token();
        logProbabilities[length++] = choice.logProbability();
        boolean accepted = listener.accept(number, choice.token());
        if (!accepted || options.stopIds().contains(choice.token())) {
            finishReason = FinishReason.STOP;
            return false;
        }
        return length < limit;
    }

    Completion completion() {
        return new Completion(
                prompt, Arrays.copyOf(ids, length), Arrays.copyOf(logProbabilities, length), finishReason);
    }
}
