package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.HeadCache;
import dev.crema.tensor.HeadLayout;
import dev.crema.tensor.Scope;
import dev.crema.tensor.SoftCap;
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
    private static final int SLOTS_AT_ONCE = 64;

    private final ArchConfig config;
    private final int capacity;
    private final Device device;
    private final List<HeadCache> heads; // by layer; none for latent attention
    private final Tensor[] latents; // [B, slots, R + r] by layer; for latent attention alone
    private int[] starts;
    private int length;
    private int announced;

    private KvCache(
            ArchConfig config, int capacity, int[] starts, Device device, List<HeadCache> heads, Tensor[] latents) {
        this.config = config;
        this.capacity = capacity;
        this.starts = starts;
        this.device = device;
        this.heads = heads;
        this.latents = latents;
    }

    /**
     * Makes an empty cache.
     *
     * @param starts for each row, how many slots on the left are padding
     * @param capacity slots of a row
     */
    public static KvCache of(ArchConfig config, int[] starts, int capacity, DType dtype, Device device) {
        List<HeadCache> heads = new ArrayList<>();
        List<Tensor> latents = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            switch (config.attention()) {
                case AttentionSpec.GroupedQuery spec -> heads.add(heads(spec, starts.length, capacity, dtype, device));
                case LatentSpec spec -> latents.add(latents(spec, starts.length, capacity, dtype, device));
            }
        }
        return new KvCache(config, capacity, starts.clone(), device, heads, latents.toArray(Tensor[]::new));
    }

    private static HeadCache heads(
            AttentionSpec.GroupedQuery spec, int rows, int capacity, DType dtype, Device device) {
        HeadLayout layout = new HeadLayout(spec.heads(), spec.keyValueHeads(), spec.headSize());
        // Scores with a cap are computed from the keys as they are.
        return spec.scoreCap() instanceof SoftCap.None
                ? HeadCache.of(dtype, device, rows, layout, capacity)
                : HeadCache.readable(dtype, device, rows, layout, capacity);
    }

    private static Tensor latents(LatentSpec spec, int rows, int capacity, DType dtype, Device device) {
        try (Scope scope = Scope.open()) {
            long slots = Math.ceilDiv(capacity, SLOTS_AT_ONCE) * (long) SLOTS_AT_ONCE;
            return Scope.release(Tensors.zeros(dtype, device, rows, slots, spec.cacheWidth()));
        }
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
        return Tensors.of(wide, wide.length).to(device);
    }

    /** Returns the first slot of each row that holds a token. */
    int[] firsts() {
        return starts.clone();
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
        return Tensors.of(positions, rows(), tokens).to(device);
    }

    /**
     * What one layer's new tokens attend to.
     *
     * @param keys {@code [B, K, S, d]}
     * @param values {@code [B, K, S, d]}
     */
    record Seen(Tensor keys, Tensor values) {}

    /** Writes the new tokens' keys and values {@code [B, K, T, d]} behind the old. */
    void append(int layer, Tensor newKeys, Tensor newValues) {
        checkRoom((int) newKeys.size(2));
        heads.get(layer).append(length, newKeys, newValues);
    }

    /** Does so, and returns all that the new tokens attend to; the innermost scope's. */
    Seen appended(int layer, Tensor newKeys, Tensor newValues) {
        append(layer, newKeys, newValues);
        int used = length + (int) newKeys.size(2);
        return new Seen(heads.get(layer).keys(used), heads.get(layer).values(used));
    }

    /** Writes the new tokens' latents {@code [B, T, R + r]} behind the old and returns those read, {@code [B, S, R + r]}. */
    Tensor append(int layer, Tensor newLatents) {
        int tokens = (int) newLatents.size(1);
        checkRoom(tokens);
        latents[layer].narrow(1, length, tokens).copyInPlace(newLatents);
        return latents[layer].narrow(1, 0, slotsRead(tokens));
    }

    /**
     * Returns the slots that so many new tokens read. Of latents these are more than hold tokens, and the rest is to be
     * hidden: libtorch's library compiles a product for each shape that it meets, and should meet few.
     */
    int slotsRead(int tokens) {
        int used = length + tokens;
        return heads.isEmpty() ? Math.ceilDiv(used, SLOTS_AT_ONCE) * SLOTS_AT_ONCE : used;
    }

    /** Takes up one new token of each row and returns its attention to its row, so far back, {@code [B, 1, H d]}. */
    Tensor attend(int layer, Tensor projection, List<Tensor> angles, Window window, double scale) {
        checkRoom(1);
        int used = length + 1;
        int[] first = switch (window) {
            case Window.All all -> starts;
            case Window.Last(int size) ->
                Arrays.stream(starts).map(start -> Math.max(start, used - size)).toArray();
        };
        return heads.get(layer).attend(projection, angles, used, first, scale);
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
            Tensor index = Tensors.of(wide, wide.length).to(device);
            for (HeadCache layer : heads) layer.select(index, length);
            for (int layer = 0; layer < latents.length; layer++) {
                Tensor old = latents[layer];
                latents[layer] = Scope.release(old.indexSelect(0, index));
                old.close();
            }
        }
        starts = selected;
    }

    ArchConfig config() {
        return config;
    }

    @Override
    public void close() {
        heads.forEach(HeadCache::close);
        for (Tensor tensor : latents) tensor.close();
    }
}
