package dev.crema.infer;

import dev.crema.model.ModelConfig;
import java.util.List;
import java.util.Set;

/**
 * Writes a little with a model, in the background, while its user still types.
 *
 * <p>Until the compiler has seen a kernel on vectors run for a while, it is slower by a factor of hundreds, and libtorch
 * compiles its products at their first call. Who waits for a first answer should not wait for that. What is written goes
 * nowhere, and no state of the model changes.
 */
public final class WarmUp implements AutoCloseable {
    private static final int PASSES = 4, PROMPT = 32, TOKENS = 48;

    private final Thread thread;
    private volatile boolean ended;

    private WarmUp(BatchWriter writer, ModelConfig config) {
        int length = Math.min(PROMPT, config.context() / 2);
        thread = Thread.ofPlatform().name("warm-up").daemon().unstarted(() -> run(writer, length));
    }

    /** Begins; the model must outlive {@link #close}. */
    public static WarmUp of(LanguageModel model) {
        return of(model.batchWriter(), model.config());
    }

    static WarmUp of(BatchWriter writer, ModelConfig config) {
        WarmUp warmUp = new WarmUp(writer, config);
        warmUp.thread.start();
        return warmUp;
    }

    boolean running() {
        return thread.isAlive();
    }

    private void run(BatchWriter writer, int length) {
        for (int pass = 0; pass < PASSES && !ended; pass++) {
            GenerationOptions options = new GenerationOptions(TOKENS, Sampling.at(1), Set.of(), pass);
            writer.generate(List.of(new int[length]), 1, options, (sequence, token) -> !ended);
        }
    }

    /** Ends at the next token, and returns when it has. */
    @Override
    public void close() {
        ended = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
