package dev.crema.infer;

import dev.crema.model.EncoderDecoder;
import dev.crema.model.EncoderDecoderCache;
import dev.crema.model.EncoderInput;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.LogitRows;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.List;

/** Writes a text about another: the encoder reads the prompt once, the decoder writes token by token. */
final class PairSession implements TokenWriter {
    private final EncoderDecoder model;

    PairSession(EncoderDecoder model) {
        this.model = model;
    }

    @Override
    public Generator.Result complete(int[] prompt, GenerationOptions options, TokenListener listener) {
        Prompts.check(prompt, model.config());
        Sequence sequence = new Sequence(0, 0, new int[0], Integer.MAX_VALUE, options);
        long begin = System.nanoTime();
        try (EncoderDecoderCache cache = read(prompt, sequence.limit());
                var off = Autograd.off()) {
            boolean going = sequence.take(run(model.config().startId(), cache), listener);
            long prefilled = System.nanoTime();
            while (going) going = sequence.take(run(sequence.lastToken(), cache), listener);
            Completion completion = sequence.completion();
            return new Generator.Result(
                    List.of(completion),
                    prompt.length,
                    (prefilled - begin) / 1e9,
                    completion.ids().length,
                    (System.nanoTime() - prefilled) / 1e9);
        }
    }

    private EncoderDecoderCache read(int[] prompt, int capacity) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            EncoderInput input = EncoderInput.of(List.of(prompt), model.device());
            return EncoderDecoderCache.of(model, model.encode(input), capacity);
        }
    }

    private float[] run(int id, EncoderDecoderCache cache) {
        try (Scope scope = Scope.open()) {
            Tensor ids = Tensors.of(new int[] {id}, 1, 1).to(model.device());
            LogitRows logits = new LogitRows(model.logits(model.decode(ids, cache)));
            float[] row = new float[logits.vocabulary()];
            logits.read(0, row);
            return row;
        }
    }

    @Override
    public void close() {}
}
