package dev.crema.model;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What an encoder-decoder's decoder need not compute twice: the keys and values of the tokens written so far, and those of
 * the encoder's text. Rows grow together. It owns its memory.
 */
public final class EncoderDecoderCache implements AutoCloseable {
    private final int capacity;
    private final List<MultiHead.Memory> written = new ArrayList<>(); // [B, H, capacity, d] by layer
    private final List<MultiHead.Memory> encoded = new ArrayList<>(); // [B, H, S, d] by layer
    private MultiHead.Bias encodedBias;
    private int length;

    private EncoderDecoderCache(int capacity, MultiHead.Bias encodedBias) {
        this.capacity = capacity;
        this.encodedBias = encodedBias;
    }

    /**
     * Makes a cache of encoded texts and room for what is written about them.
     *
     * @param capacity tokens of a row
     */
    public static EncoderDecoderCache of(EncoderDecoder model, Encoded texts, int capacity) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            EncoderDecoderCache cache = new EncoderDecoderCache(
                    capacity,
                    texts.bias() instanceof MultiHead.Bias.Added(Tensor hidden)
                            ? new MultiHead.Bias.Added(Scope.release(hidden.copy()))
                            : texts.bias());
            long rows = texts.hiddenStates().size(0);
            EncoderDecoderConfig config = model.config();
            for (MultiHead.Memory memory : model.memories(texts)) {
                cache.encoded.add(new MultiHead.Memory(
                        Scope.release(memory.keys().contiguous()),
                        Scope.release(memory.values().contiguous())));
                cache.written.add(new MultiHead.Memory(
                        room(model, rows, config.heads(), capacity, config.headSize()),
                        room(model, rows, config.heads(), capacity, config.headSize())));
            }
            return cache;
        }
    }

    private static Tensor room(EncoderDecoder model, long... shape) {
        return Scope.release(Tensors.empty(model.dtype(), model.device(), shape));
    }

    /** Returns the number of tokens written in each row. */
    public int length() {
        return length;
    }

    public int rows() {
        return (int) encoded.getFirst().keys().size(0);
    }

    /** Keeps the rows of the given numbers, in that order; a row may be there more than once. */
    public void select(int[] rows) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            long[] wide = Arrays.stream(rows).asLongStream().toArray();
            Tensor index =
                    Tensors.of(wide, wide.length).to(encoded.getFirst().keys().device());
            written.replaceAll(
                    memory -> new MultiHead.Memory(written(memory.keys(), index), written(memory.values(), index)));
            encoded.replaceAll(
                    memory -> new MultiHead.Memory(selected(memory.keys(), index), selected(memory.values(), index)));
            if (encodedBias instanceof MultiHead.Bias.Added(Tensor hidden)) {
                encodedBias = new MultiHead.Bias.Added(selected(hidden, index));
            }
        }
    }

    /** Returns a tensor with other rows, and frees the old one. */
    private static Tensor selected(Tensor old, Tensor index) {
        Tensor fresh = Scope.release(old.indexSelect(0, index));
        old.close();
        return fresh;
    }

    /** The same, of which only the slots in use are copied. */
    private Tensor written(Tensor old, Tensor index) {
        long[] shape = old.shape();
        shape[0] = index.size(0);
        Tensor fresh = Scope.release(Tensors.empty(old.dtype(), old.device(), shape));
        fresh.narrow(2, 0, length).copyInPlace(old.narrow(2, 0, length).indexSelect(0, index));
        old.close();
        return fresh;
    }

    MultiHead.Memory encoded(int layer) {
        return encoded.get(layer);
    }

    MultiHead.Bias encodedBias() {
        return encodedBias;
    }

    /** Writes the new tokens' keys and values behind the old and returns all. */
    MultiHead.Memory append(int layer, MultiHead.Memory fresh) {
        int tokens = (int) fresh.keys().size(2);
        if (length + tokens > capacity) {
            throw new IllegalStateException("a cache of " + capacity + " tokens cannot hold " + (length + tokens));
        }
        MultiHead.Memory room = written.get(layer);
        room.keys().narrow(2, length, tokens).copyInPlace(fresh.keys());
        room.values().narrow(2, length, tokens).copyInPlace(fresh.values());
        return new MultiHead.Memory(
                room.keys().narrow(2, 0, length + tokens), room.values().narrow(2, 0, length + tokens));
    }

    /** Counts tokens that every layer has appended. */
    void advance(int tokens) {
        length += tokens;
    }

    @Override
    public void close() {
        for (List<MultiHead.Memory> memories : List.of(written, encoded)) {
            memories.forEach(memory -> {
                memory.keys().close();
                memory.values().close();
            });
        }
        if (encodedBias instanceof MultiHead.Bias.Added(Tensor hidden)) hidden.close();
    }
}
