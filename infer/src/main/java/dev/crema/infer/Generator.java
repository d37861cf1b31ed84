package dev.crema.infer;

import dev.crema.model.Decoder;
import dev.crema.model.KvCache;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Continues a batch of prompts, all sequences one token at a time.
 *
 * <p>A prompt is run once however many samples it has: its keys and values are then handed to each of them. Prompts of
 * unlike length are padded on the left. A sequence that ends leaves the batch: when a quarter has left, the cache is
 * packed, so that finished sequences cost nothing.
 */
public final class Generator {
    private static final double PACK_BELOW = 0.75;

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

    /**
     * Writes {@code samples} completions of each prompt.
     *
     * @throws InputException if a prompt is empty, too long for the model, or has an id outside the vocabulary
     */
    public Result generate(List<int[]> prompts, int samples, GenerationOptions options, TokenListener listener) {
        prompts.forEach(prompt -> Prompts.check(prompt, model.config()));
        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
        long begin = System.nanoTime();
        int[] starts =
                prompts.stream().mapToInt(prompt -> longest - prompt.length).toArray();
        Sequence[] sequences = sequences(prompts, samples, options);
        int capacity = longest
                + Arrays.stream(sequences).mapToInt(Sequence::limit).max().orElse(0);
        try (KvCache cache = KvCache.of(model.config(), starts, capacity, model.dtype(), model.device());
                var off = Autograd.off()) {
            float[][] logits = prefill(prompts, longest, cache);
            int[] rows = new int[sequences.length];
            Arrays.setAll(rows, i -> i / samples);
            if (samples > 1) cache.select(rows);
            List<Sequence> active = new ArrayList<>();
            for (Sequence sequence : sequences) {
                float[] row = logits[sequence.prompt()].clone();
                if (sequence.take(row, listener)) active.add(sequence);
            }
            double prefillSeconds = (System.nanoTime() - begin) / 1e9;
            begin = System.nanoTime();
            while (!active.isEmpty()) {
                pack(active, cache);
                float[][] next = step(active, cache);
                List<Sequence> going = new ArrayList<>(active.size());
                for (int i = 0; i < active.size(); i++) {
                    if (active.get(i).take(next[i], listener)) going.add(active.get(i));
                }
                active = going;
            }
            double decodeSeconds = (System.nanoTime() - begin) / 1e9;
            List<Completion> completions =
                    Arrays.stream(sequences).map(Sequence::completion).toList();
            long newTokens = completions.stream().mapToLong(c -> c.ids().length).sum();
            long promptTokens = prompts.stream().mapToLong(p -> p.length).sum();
            return new Result(completions, promptTokens, prefillSeconds, newTokens, decodeSeconds);
        }
    }

    private Sequence[] sequences(List<int[]> prompts, int samples, GenerationOptions options) {
        Sequence[] sequences = new Sequence[prompts.size() * samples];
        for (int i = 0; i < sequences.length; i++) {
            int[] prompt = prompts.get(i / samples);
            sequences[i] = new Sequence(i, i / samples, prompt, model.config().maxPositions(), options);
        }
        return sequences;
    }

    private float[][] prefill(List<int[]> prompts, int longest, KvCache cache) {
        int[] ids = new int[prompts.size() * longest];
        for (int row = 0; row < prompts.size(); row++) {
            int[] prompt = prompts.get(row);
            System.arraycopy(prompt, 0, ids, (row + 1) * longest - prompt.length, prompt.length);
        }
        try (Scope scope = Scope.open()) {
            Tensor input = Tensors.of(ids, prompts.size(), longest).to(model.device());
            Tensor last = model.hiddenStates(input, cache).narrow(1, longest - 1, 1); // [B, 1, D]
            return rows(model.logits(last));
        }
    }

    private float[][] step(List<Sequence> active, KvCache cache) {
        int[] ids = new int[cache.rows()];
        for (Sequence sequence : active) ids[sequence.row] = sequence.lastToken();
        try (Scope scope = Scope.open()) {
            Tensor input = Tensors.of(ids, ids.length, 1).to(model.device());
            float[][] all = rows(model.logits(model.hiddenStates(input, cache)));
            float[][] wanted = new float[active.size()][];
            for (int i = 0; i < wanted.length; i++) wanted[i] = all[active.get(i).row];
            return wanted;
        }
    }

    /** Returns the logits {@code [B, 1, V]} of each row. */
    static float[][] rows(Tensor logits) {
        Tensor host = logits.to(Device.CPU).to(DType.FP32).contiguous(); // [B, 1, V]
        int vocabulary = (int) host.size(-1);
        MemorySegment memory = host.segment();
        float[][] rows = new float[(int) host.size(0)][vocabulary];
        for (int row = 0; row < rows.length; row++) {
            MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, 4L * row * vocabulary, rows[row], 0, vocabulary);
        }
        return rows;
    }

    private void pack(List<Sequence> active, KvCache cache) {
        // A row that has ended counts on; it must be gone before its positions leave the model's context.
        boolean atLimit = cache.length() >= model.config().maxPositions() && active.size() < cache.rows();
        if (active.size() > PACK_BELOW * cache.rows() && !atLimit) return;
        cache.select(active.stream().mapToInt(sequence -> sequence.row).toArray());
        for (int i = 0; i < active.size(); i++) active.get(i).row = i;
    }
}
