package dev.crema.infer;

import dev.crema.model.Decoder;
import dev.crema.model.KvCache;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.LogitRows;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.Arrays;
import java.util.List;

/**
 * Continues a batch of prompts, all sequences one token at a time.
 *
 * <p>A prompt is run once however many samples it has: its keys and values are then handed to each of them. Prompts of
 * unlike length are padded on the left. A sequence that ends leaves the batch: when a quarter has left, the cache is
 * packed, so that finished sequences cost nothing.
 */
public final class Generator implements BatchWriter {
    /** Sequences from which packed weights are faster than plain ones. */
    private static final int PACK_ROWS_FROM = 5;

    /** Steps from which packing the weights pays. */
    private static final int PACK_WEIGHTS_FROM = 8;

    /** Bytes of weights up to which the memory for a packed copy is taken without asking. */
    private static final long PACK_WEIGHTS_TO = 2L << 30;

    private final Decoder model;

    public Generator(Decoder model) {
        this.model = model;
    }

    /**
     * The completions, in the order of prompts and samples, and what they took.
     *
     * @param promptTokens tokens run to read the prompts
     * @param newTokens tokens chosen
     */
    public record Result(
            List<Completion> completions,
            long promptTokens,
            double prefillSeconds,
            long newTokens,
            double decodeSeconds) {
        public double prefillTokensPerSecond() {
            return promptTokens / Math.max(prefillSeconds, 1e-9);
        }

        /** Returns the rate after the first token, which belongs to the prefill. */
        public double decodeTokensPerSecond() {
            return Math.max(0, newTokens - completions.size()) / Math.max(decodeSeconds, 1e-9);
        }
    }

    @Override
    public Result generate(List<int[]> prompts, int samples, GenerationOptions options, TokenListener listener) {
        prompts.forEach(prompt -> Prompts.check(prompt, model.config()));
        long begin = System.nanoTime(); // packing counts as reading the prompts
        boolean pack = prompts.size() * samples >= PACK_ROWS_FROM
                && options.maxTokens() >= PACK_WEIGHTS_FROM
                && model.weights().bytes() <= PACK_WEIGHTS_TO;
        if (!pack) return generate(model, prompts, samples, options, listener, begin);
        try (Decoder packed = model.packed()) {
            return generate(packed, prompts, samples, options, listener, begin);
        }
    }

    private static Result generate(
            Decoder model,
            List<int[]> prompts,
            int samples,
            GenerationOptions options,
            TokenListener listener,
            long begin) {
        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
        int[] starts =
                prompts.stream().mapToInt(prompt -> longest - prompt.length).toArray();
        Sequence[] sequences = sequences(model, prompts, samples, options);
        int capacity = longest
                + Arrays.stream(sequences).mapToInt(Sequence::limit).max().orElse(0);
        try (KvCache cache = KvCache.of(model.config(), starts, capacity, model.dtype(), model.device());
                var off = Autograd.off()) {
            ActiveSequences active = prefill(model, prompts, longest, cache, List.of(sequences), listener);
            int[] rows = new int[sequences.length];
            Arrays.setAll(rows, i -> i / samples);
            if (samples > 1) cache.select(rows);
            double prefillSeconds = (System.nanoTime() - begin) / 1e9;
            begin = System.nanoTime();
            while (!active.isEmpty()) {
                pack(model, active, cache);
                if (!cache.announce(cache.length() + 1)) refill(model, prompts, active, cache);
                active = step(model, active, cache, listener);
            }
            double decodeSeconds = (System.nanoTime() - begin) / 1e9;
            List<Completion> completions =
                    Arrays.stream(sequences).map(Sequence::completion).toList();
            long newTokens = completions.stream().mapToLong(c -> c.ids().length).sum();
            long promptTokens = prompts.stream().mapToLong(p -> p.length).sum();
            return new Result(completions, promptTokens, prefillSeconds, newTokens, decodeSeconds);
        }
    }

    private static Sequence[] sequences(Decoder model, List<int[]> prompts, int samples, GenerationOptions options) {
        Sequence[] sequences = new Sequence[prompts.size() * samples];
        for (int i = 0; i < sequences.length; i++) {
            int[] prompt = prompts.get(i / samples);
            sequences[i] = new Sequence(i, i / samples, prompt, model.config().context(), options);
        }
        return sequences;
    }

    private static ActiveSequences prefill(
            Decoder model,
            List<int[]> prompts,
            int longest,
            KvCache cache,
            List<Sequence> sequences,
            TokenListener listener) {
        int[] ids = new int[prompts.size() * longest];
        for (int row = 0; row < prompts.size(); row++) {
            int[] prompt = prompts.get(row);
            System.arraycopy(prompt, 0, ids, (row + 1) * longest - prompt.length, prompt.length);
        }
        try (Scope scope = Scope.open()) {
            Tensor input = Tensors.of(ids, prompts.size(), longest).to(model.device());
            Tensor last = model.hiddenStates(input, cache).narrow(1, longest - 1, 1); // [B, 1, D]
            int[] rows = sequences.stream().mapToInt(Sequence::prompt).toArray();
            return new ActiveSequences(sequences).choose(new LogitRows(model.logits(last)), rows, listener);
        }
    }

    /** Runs again what the cache holds, as its keys do not serve longer rows. */
    private static void refill(Decoder model, List<int[]> prompts, ActiveSequences active, KvCache cache) {
        int held = cache.length();
        int[] ids = new int[cache.rows() * held];
        for (Sequence sequence : active.list()) {
            int[] prompt = prompts.get(sequence.prompt());
            int from = sequence.row * held + cache.start(sequence.row);
            System.arraycopy(prompt, 0, ids, from, prompt.length);
            sequence.copy(ids, from + prompt.length, (sequence.row + 1) * held);
        }
        cache.truncate(0);
        try (Scope scope = Scope.open()) {
            model.hiddenStates(Tensors.of(ids, cache.rows(), held).to(model.device()), cache);
        }
    }

    private static ActiveSequences step(Decoder model, ActiveSequences active, KvCache cache, TokenListener listener) {
        try (Scope scope = Scope.open()) {
            int[] ids = active.lastTokens(cache.rows());
            Tensor input = Tensors.of(ids, ids.length, 1).to(model.device());
            LogitRows logits = new LogitRows(model.logits(model.hiddenStates(input, cache)));
            return active.choose(logits, active.rows(), listener);
        }
    }

    private static void pack(Decoder model, ActiveSequences active, KvCache cache) {
        // A row that has ended counts on; it must be gone before its positions leave the model's context.
        boolean atLimit =
                cache.length() >= model.config().context() && active.list().size() < cache.rows();
        if (active.sparse(cache.rows()) || atLimit) cache.select(active.pack());
    }
}
