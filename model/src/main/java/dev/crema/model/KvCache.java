package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Functions;
import dev.crema.tensor.HeadLayout;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.Arrays;
import java.util.List;

/**
 * The keys and values of the tokens that a batch of sequences has seen, so that each is computed once.
 *
 * <p>Room for {@code capacity} tokens is taken at once; rows grow together, and shorter prompts are padded on the left:
 * {@code starts} says where each row's first token stands. Keys are kept transposed, with the token as the fastest
 * dimension, which is how a decoding step reads them. It owns its memory.
 */
public final class KvCache implements AutoCloseable {
    private static final int SLOTS_AT_ONCE = 64;

    private final ArchConfig config;
    private final int capacity;
    private final Tensor[] keys; // [B, K, headSize, slots] by layer; none for latent attention
    private final Tensor[] values; // [B, K, slots, headSize] by layer; of latent attention [B, slots, R + r]
    private int[] starts;
    private int length;
    private int announced;

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
        long rows = starts.length, slots = slots(capacity);
        Tensor[] values = new Tensor[config.layers()];
        Tensor[] keys = new Tensor[config.attention() instanceof AttentionSpec.GroupedQuery ? values.length : 0];
        try (Scope scope = Scope.open()) {
            for (int layer = 0; layer < values.length; layer++) {
                switch (config.attention()) {
                    case AttentionSpec.GroupedQuery a -> {
                        long shared = a.keyValueHeads(), size = a.headSize();
                        keys[layer] = Scope.release(Tensors.empty(dtype, device, rows, shared, size, slots));
                        values[layer] = Scope.release(Tensors.empty(dtype, device, rows, shared, slots, size));
                    }
                    case LatentSpec a ->
                        values[layer] = Scope.release(Tensors.zeros(dtype, device, rows, slots, a.cacheWidth()));
                }
            }
        }
        return new KvCache(config, capacity, starts.clone(), keys, values, 0);
    }

    /** Rounds up to an odd number of vectors: a power of two would put all dimensions of a key into the same cache set. */
    private static long slots(int capacity) {
        return ((capacity + 15L) / 16 | 1) * 16;
    }

    /** Returns the bytes that one token of one row takes. */
    public static long bytesPerToken(ArchConfig config, DType dtype) {
        long width = switch (config.attention()) {
            case AttentionSpec.GroupedQuery attention -> 2L * attention.keyWidth();
            case LatentSpec attention -> attention.cacheWidth();
        };
        return width * config.layers() * dtype.bytes();
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
        return Tensors.of(wide, wide.length).to(values[0].device());
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
        return Tensors.of(positions, rows(), tokens).to(values[0].device());
    }

    /**
     * What one layer's new tokens attend to.
     *
     * @param keys {@code [B, K, headSize, slots]}
     * @param values {@code [B, K, slots, headSize]}
     * @param length slots in use, the new tokens' included
     */
    record Layer(Tensor keys, Tensor values, int length) {
        /** Returns the keys in use as {@code [B, K, S, headSize]}. */
        Tensor usedKeys() {
            return keys.narrow(3, 0, length).transpose(2, 3);
        }

        /** Returns the values in use as {@code [B, K, S, headSize]}. */
        Tensor usedValues() {
            return values.narrow(2, 0, length);
        }
    }

    /** Writes the new tokens' keys and values {@code [B, K, T, headSize]} behind the old. */
    Layer append(int layer, Tensor newKeys, Tensor newValues) {
        int tokens = (int) newKeys.size(2);
        checkRoom(tokens);
        keys[layer].narrow(3, length, tokens).copyInPlace(newKeys.transpose(2, 3));
        values[layer].narrow(2, length, tokens).copyInPlace(newValues);
        return new Layer(keys[layer], values[layer], length + tokens);
    }

    /** Writes the new tokens' latents {@code [B, T, R + r]} behind the old and returns those read, {@code [B, S, R + r]}. */
    Tensor append(int layer, Tensor newLatents) {
        int tokens = (int) newLatents.size(1);
        checkRoom(tokens);
        values[layer].narrow(1, length, tokens).copyInPlace(newLatents);
        return values[layer].narrow(1, 0, slotsRead(tokens));
    }

    /**
     * Returns the slots that so many new tokens read. Of latents these are more than hold tokens, and the rest is to be
     * hidden: libtorch's library compiles a product for each shape that it meets, and should meet few.
     */
    int slotsRead(int tokens) {
        int used = length + tokens;
        if (keys.length > 0) return used;
        return Math.min((used + SLOTS_AT_ONCE - 1) / SLOTS_AT_ONCE * SLOTS_AT_ONCE, (int) values[0].size(1));
    }

    /** Takes up one new token of each row and returns its attention to its row, so far back, {@code [B, 1, H d]}. */
    Tensor attend(int layer, Tensor projection, HeadLayout layout, List<Tensor> angles, Window window, double scale) {
        checkRoom(1);
        int used = length + 1;
        int[] first = switch (window) {
            case Window.All all -> starts;
            case Window.Last(int size) ->
                Arrays.stream(starts).map(start -> Math.max(start, used - size)).toArray();
        };
        return Functions.decodeAttention(projection, layout, angles, keys[layer], values[layer], used, first, scale);
    }

    private void checkRoom(int tokens) {
        if (length + tokens > capacity) {
            throw new IllegalStateException("a cache of " + capacity + " slots cannot hold " + (length + tokens));
        }
    }

    /**
     * Says how many slots the passes to come will have filled, so that each of them turns by the angles of the whole, where
     * angles depend on a row's length.
     *
     * @return whether the keys that the cache holds serve rows so long; else it is to be filled again from the first token
     */
    public boolean announce(int slots) {
        int before = Math.max(announced, length);
        announced = slots;
        return length == 0 || Arrays.stream(starts).allMatch(start -> config.sameAngles(before - start, slots - start));
    }

    /** Returns how long a row is to become in passes that are announced. */
    int announced(int row) {
        return announced - starts[row];
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
            Tensor index = Tensors.of(wide, wide.length).to(values[0].device());
            for (int layer = 0; layer < keys.length; layer++) keys[layer] = selected(keys[layer], 3, index);
            for (int layer = 0; layer < values.length; layer++) {
                values[layer] = selected(values[layer], values[layer].rank() - 2, index);
            }
        }
        starts = selected;
    }

    /** Returns a tensor with other rows, of which only the slots in use are copied, and frees the old one. */
    private Tensor selected(Tensor old, int slotDim, Tensor index) {
        try (Scope scope = Scope.open()) {
            long[] shape = old.shape();
            shape[0] = index.size(0);
            Tensor fresh = Scope.release(Tensors.empty(old.dtype(), old.device(), shape));
            fresh.narrow(slotDim, 0, length)
                    .copyInPlace(old.narrow(slotDim, 0, length).indexSelect(0, index));
            // Latents are read beyond the last token.
            if (keys.length == 0)
                fresh.narrow(slotDim, length, shape[slotDim] - length).fillInPlace(0);
            old.close();
            return fresh;
        }
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
