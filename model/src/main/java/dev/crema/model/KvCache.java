package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The keys and values of the tokens that a batch of sequences has seen, so that each is computed once.
 *
 * <p>Room for {@code capacity} tokens is taken at once; rows grow together, and shorter prompts are padded on the left:
 * {@code starts} says where each row's first token stands. It owns its memory.
 */
public final class KvCache implements AutoCloseable {
    private final ArchConfig config;
    private final int capacity;
    private final Tensor[] keys; // [B, K, S, headSize] by layer
    private final Tensor[] values;
    private int[] starts;
    private int length;

    private KvCache(ArchConfig config, int capacity, int[] starts, Tensor[] keys, Tensor[] values, int length) {
        this.config = config;
        this.capacity = capacity;
        this.starts = starts;
        this.keys = keys;
        this.values = values;
        this.length = length;
    }

    /**
     * Makes an empty cache.
     *
     * @param starts for each row, how many slots on the left are padding
     * @param capacity slots of a row
     */
    public static KvCache of(ArchConfig config, int[] starts, int capacity, DType dtype, Device device) {
        AttentionSpec.GroupedQuery attention = (AttentionSpec.GroupedQuery) config.attention();
        Tensor[] keys = new Tensor[config.layers()];
        Tensor[] values = new Tensor[config.layers()];
        long[] shape = {starts.length, attention.keyValueHeads(), capacity, attention.headSize()};
        try (Scope scope = Scope.open()) {
            for (int layer = 0; layer < keys.length; layer++) {
                keys[layer] = Scope.release(Tensors.empty(dtype, device, shape));
                values[layer] = Scope.release(Tensors.empty(dtype, device, shape));
            }
        }
        return new KvCache(config, capacity, starts.clone(), keys, values, 0);
    }

    /** Returns the bytes that one token of one row takes. */
    public static long bytesPerToken(ArchConfig config, DType dtype) {
        AttentionSpec.GroupedQuery attention = (AttentionSpec.GroupedQuery) config.attention();
        return 2L * config.layers() * attention.keyWidth() * dtype.bytes();
    }

    /** Returns the number of slots in use. */
    public int length() {
        return length;
    }

    /** Returns the number of slots of a row. */
    public int capacity() {
        return capacity;
    }

    /** Returns the number of rows. */
    public int rows() {
        return starts.length;
    }

    /** Tells whether some row starts later than others. */
    public boolean padded() {
        return Arrays.stream(starts).anyMatch(start -> start > 0);
    }

    /** Returns where each row's first token stands; {@code [B]} INT64. */
    Tensor starts() {
        long[] wide = Arrays.stream(starts).asLongStream().toArray();
        return Tensors.of(wide, wide.length).to(keys[0].device());
    }

    /** Returns the first slot of a row that holds a token. */
    public int start(int row) {
        return starts[row];
    }

    /** Returns the positions of the next {@code tokens} tokens of each row; {@code [B, T]} INT64. */
    Tensor nextPositions(int tokens) {
        long[] positions = new long[rows() * tokens];
        for (int row = 0; row < rows(); row++) {
            for (int t = 0; t < tokens; t++) positions[row * tokens + t] = Math.max(0, length + t - starts[row]);
        }
        return Tensors.of(positions, rows(), tokens).to(keys[0].device());
    }

    /** Keys and values of one layer, {@code [B, K, S, headSize]}. */
    record Layer(Tensor keys, Tensor values) {}

    /** Writes the new tokens' keys and values {@code [B, K, T, headSize]} behind the old and returns all of them. */
    Layer append(int layer, Tensor newKeys, Tensor newValues) {
        long tokens = newKeys.size(2);
        if (length + tokens > capacity) {
            throw new IllegalStateException("a cache of " + capacity + " slots cannot hold " + (length + tokens));
        }
        keys[layer].narrow(2, length, tokens).copyInPlace(newKeys);
        values[layer].narrow(2, length, tokens).copyInPlace(newValues);
        return new Layer(keys[layer].narrow(2, 0, length + tokens), values[layer].narrow(2, 0, length + tokens));
    }

    /** Counts tokens that every layer has appended. */
    void advance(int tokens) {
        length += tokens;
    }

    /** Forgets all tokens after the first {@code kept}. */
    public void truncate(int kept) {
        if (kept > length) throw new IllegalArgumentException("a cache of " + length + " tokens cannot keep " + kept);
        length = kept;
    }

    /** Keeps these rows, in this order; a row may come more than once (a prompt for each of its samples). */
    public void select(int[] rows) {
        int[] selected = Arrays.stream(rows).map(row -> starts[row]).toArray();
        try (Scope scope = Scope.open()) {
            long[] wide = Arrays.stream(rows).asLongStream().toArray();
            Tensor index = Tensors.of(wide, wide.length).to(keys[0].device());
            for (List<Tensor[]> side = new ArrayList<>(List.of(keys, values)); !side.isEmpty(); ) {
                Tensor[] tensors = side.removeLast();
                for (int layer = 0; layer < tensors.length; layer++) {
                    try (Scope inner = Scope.open()) {
                        Tensor old = tensors[layer];
                        long[] shape = {rows.length, old.size(1), capacity, old.size(3)};
                        Tensor fresh = Scope.release(Tensors.empty(old.dtype(), old.device(), shape));
                        fresh.narrow(2, 0, length).copyInPlace(old.narrow(2, 0, length).indexSelect(0, index));
                        tensors[layer] = fresh;
                        old.close();
                    }
                }
            }
        }
        starts = selected;
    }

    ArchConfig config() {
        return config;
    }

    @Override
    public void close() {
        for (Tensor tensor : keys) tensor.close();
        for (Tensor tensor : values) tensor.close();
    }
}
