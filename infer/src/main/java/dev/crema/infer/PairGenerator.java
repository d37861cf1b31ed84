package dev.crema.infer;

import dev.crema.model.EncoderDecoder;
import dev.crema.model.EncoderDecoderCache;
import dev.crema.model.EncoderInput;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.LogitRows;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Writes texts about others: the encoder reads all prompts at once, the decoder writes all sequences one token at a time.
 *
 * <p>A prompt is read once however many samples it has. Prompts of unlike length are padded on the right, which their
 * cross-attention does not see; what is written begins in the same column of each row. Sequences that end leave the batch.
 */
public final class PairGenerator implements BatchWriter, TokenWriter {
    private final EncoderDecoder model;

    public PairGenerator(EncoderDecoder model) {
        this.model = model;
    }

    @Override
    public Generator.Result complete(int[] prompt, GenerationOptions options, TokenListener listener) {
        return generate(List.of(prompt), 1, options, listener);
    }

    @Override
    public Generator.Result generate(
            List<int[]> prompts, int samples, GenerationOptions options, TokenListener listener) {
        prompts.forEach(prompt -> Prompts.check(prompt, model.config()));
        List<Sequence> sequences = IntStream.range(0, prompts.size() * samples)
                .mapToObj(i -> new Sequence(i, i / samples, new int[0], Integer.MAX_VALUE, options))
                .toList();
        long begin = System.nanoTime();
        try (EncoderDecoderCache cache = read(prompts, options.maxTokens());
                var off = Autograd.off()) {
            int[] starts = new int[prompts.size()];
            Arrays.fill(starts, model.config().startId());
            int[] rows = sequences.stream().mapToInt(Sequence::prompt).toArray();
            ActiveSequences active = step(starts, new ActiveSequences(sequences), rows, cache, listener);
            if (samples > 1) cache.select(rows);
            double prefillSeconds = (System.nanoTime() - begin) / 1e9;
            begin = System.nanoTime();
            while (!active.isEmpty()) {
                if (active.sparse(cache.rows())) cache.select(active.pack());
                active = step(active.lastTokens(cache.rows()), active, active.rows(), cache, listener);
            }
            double decodeSeconds = (System.nanoTime() - begin) / 1e9;
            List<Completion> completions =
                    sequences.stream().map(Sequence::completion).toList();
            return new Generator.Result(
                    completions,
                    prompts.stream().mapToLong(prompt -> prompt.length).sum(),
                    prefillSeconds,
                    completions.stream().mapToLong(c -> c.ids().length).sum(),
                    decodeSeconds);
        }
    }

    private EncoderDecoderCache read(List<int[]> prompts, int capacity) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            return EncoderDecoderCache.of(model, model.encode(EncoderInput.of(prompts, model.device())), capacity);
        }
    }

    /** Runs a token in each row of the cache, and chooses the next of each sequence from the logits of {@code rows}. */
    private ActiveSequences step(
            int[] ids, ActiveSequences active, int[] rows, EncoderDecoderCache cache, TokenListener listener) {
        try (Scope scope = Scope.open()) {
            Tensor input = Tensors.of(ids, ids.length, 1).to(model.device());
            return active.choose(new LogitRows(model.logits(model.decode(input, cache))), rows, listener);
        }
    }

    @Override
    public void close() {}
}
