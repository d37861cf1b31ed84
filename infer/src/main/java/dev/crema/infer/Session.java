package dev.crema.infer;

import dev.crema.model.Decoder;
import dev.crema.model.KvCache;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.LogitRows;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.util.Arrays;
import java.util.List;

/**
 * Continues one prompt after another, running only what the next does not share with the one before.
 *
 * <p>In a chat each prompt is the last one, its answer and a new question: of a long conversation only the question is
 * run. The cache holds what was run; a new prompt keeps the common beginning and drops the rest. Long prompts go through
 * in pieces, so that attention's scores stay small. It owns its cache, and serves one thread at a time.
 */
final class Session implements TokenWriter {
    private static final int PIECE = 512;
    private static final int LEAST_CAPACITY = 1024;

    private final Decoder model;
    /** What the cache holds: the first {@code cache.length()} of these tokens. */
    private int[] tokens = new int[0];

    private KvCache cache;

    Session(Decoder model) {
        this.model = model;
        this.cache = cacheOf(0);
    }

    /**
     * Writes one completion; {@code promptTokens} of the result counts the tokens that had to be run.
     *
     * @throws InputException if the prompt is empty, too long for the model, or has an id outside the vocabulary
     */
    @Override
    public Generator.Result complete(int[] prompt, GenerationOptions options, TokenListener listener) {
        Prompts.check(prompt, model.config());
        Sequence sequence = new Sequence(0, 0, prompt, model.config().context(), options);
        long begin = System.nanoTime();
        try (var off = Autograd.off()) {
            makeRoom(prompt.length + sequence.limit());
            cache.truncate(shared(prompt));
            int[] rest = Arrays.copyOfRange(prompt, cache.length(), prompt.length);
            boolean going = sequence.take(run(rest), listener);
            long prefilled = System.nanoTime();
            while (going) going = sequence.take(run(new int[] {sequence.lastToken()}), listener);
            Completion completion = sequence.completion();
            return new Generator.Result(
                    List.of(completion),
                    rest.length,
                    (prefilled - begin) / 1e9,
                    completion.ids().length,
                    (System.nanoTime() - prefilled) / 1e9);
        }
    }

    /** Returns how much of a prompt the cache holds; the last token is always run, for its logits. */
    private int shared(int[] prompt) {
        int limit = Math.min(cache.length(), prompt.length - 1);
        int mismatch = Arrays.mismatch(tokens, 0, limit, prompt, 0, limit);
        return mismatch < 0 ? limit : mismatch;
    }

    /** Runs tokens behind what the cache holds, and that again where it must be, and returns the logits after the last. */
    private float[] run(int[] ids) {
        int end = cache.length() + ids.length;
        System.arraycopy(ids, 0, tokens, cache.length(), ids.length);
        if (!cache.announce(end)) cache.truncate(0);
        for (int from = cache.length(); ; from += PIECE) {
            int to = Math.min(from + PIECE, end);
            try (Scope scope = Scope.open()) {
                Tensor input = Tensors.of(Arrays.copyOfRange(tokens, from, to), 1, to - from)
                        .to(model.device());
                Tensor hidden = model.hiddenStates(input, cache); // [1, T, D]
                if (to == end) return lastLogits(hidden.narrow(1, to - from - 1, 1));
            }
        }
    }

    private float[] lastLogits(Tensor hidden) {
        LogitRows logits = new LogitRows(model.logits(hidden));
        float[] row = new float[logits.vocabulary()];
        logits.read(0, row);
        return row;
    }

    /** A cache that is too small is replaced by one at least twice as large, which is filled anew. */
    private void makeRoom(int needed) {
        if (needed <= cache.capacity()) return;
        KvCache larger = cacheOf(
                Math.max(needed, Math.min(2 * cache.capacity(), model.config().context())));
        cache.close();
        cache = larger;
    }

    private KvCache cacheOf(int capacity) {
        int slots = Math.max(capacity, Math.min(LEAST_CAPACITY, model.config().context()));
        tokens = Arrays.copyOf(tokens, slots);
        return KvCache.of(model.config(), new int[] {0}, slots, model.dtype(), model.device());
    }

    @Override
    public void close() {
        cache.close();
    }
}
