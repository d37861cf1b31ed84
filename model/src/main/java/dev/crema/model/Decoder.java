package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder-only transformer: token embedding, a stack of blocks, a norm, a head (Radford et al., 2019).
 *
 * <p>The parts are chosen by {@link ArchConfig}; there is no class per family. It owns its weights.
 */
public final class Decoder implements AutoCloseable {
    private final ArchConfig config;
    private final Weights weights;
    private final List<Block> blocks = new ArrayList<>();
    private final Norm norm;
    private final Tensor head;
    private final Linear logits;
    private final Rotary rotary;

    private Decoder(ArchConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
        for (int layer = 0; layer < config.layers(); layer++) blocks.add(Block.of(config, weights, layer));
        this.norm = Norm.of(config.norm(), weights, "norm");
        this.head = weights.get(config.tiedHead() ? "tokens.weight" : "head.weight");
        this.logits = Linear.of(weights, config.tiedHead() ? "tokens" : "head");
        int headSize = ((AttentionSpec.GroupedQuery) config.attention()).headSize();
        this.rotary = config.position() instanceof PositionSpec.Rotary spec ? Rotary.of(spec, headSize) : Rotary.NONE;
    }

    /** Builds the model over its weights, which it takes into its ownership. */
    public static Decoder of(ArchConfig config, Weights weights) {
        return new Decoder(config, weights);
    }

    /**
     * Returns the model over packed copies of its matrices, as large again, for a while of generating; it shares the other
     * weights and keeps the values of now. Close it before this model.
     */
    public Decoder packed() {
        return new Decoder(config, weights.packed());
    }

    public ArchConfig config() {
        return config;
    }

    public Weights weights() {
        return weights;
    }

    public DType dtype() {
        return head.dtype();
    }

    public Device device() {
        return head.device();
    }

    /** The matrix {@code [V, D]} that turns hidden states into logits. */
    public Tensor head() {
        return head;
    }

    /**
     * Runs the blocks and the last norm.
     *
     * @param ids {@code [B, T]} INT32 or INT64 in {@code [0, V)}
     * @param positions {@code [B, T]}
     * @return {@code [B, T, D]}, the innermost scope's
     */
    public Tensor hiddenStates(Tensor ids, Tensor positions, Visibility visibility) {
        return hiddenStates(ids, positions, visibility, false);
    }

    /** The same, keeping only each block's input for the backward pass and running the block again there. */
    public Tensor hiddenStatesCheckpointed(Tensor ids, Tensor positions, Visibility visibility) {
        return hiddenStates(ids, positions, visibility, true);
    }

    private Tensor hiddenStates(Tensor ids, Tensor positions, Visibility visibility, boolean checkpoint) {
        try (Scope scope = Scope.open()) {
            Tensor h = Functions.embedding(weights.get("tokens.weight"), ids); // [B, T, D]
            Pass.Turning turning = new Pass.Turning.None();
            switch (config.position()) {
                case PositionSpec.Learned learned ->
                    h = h.add(Functions.embedding(weights.get("positions.weight"), positions));
                case PositionSpec.Rotary spec -> turning = new Pass.Turning.By(rotary.at(positions));
            }
            Pass pass = new Pass(visibility, hiding(visibility, ids.size(0), ids.size(1)), turning);
            if (checkpoint) pass.retain();
            for (int layer = 0; layer < blocks.size(); layer++) {
                int index = layer;
                Block block = blocks.get(layer);
                h = checkpoint ? Tape.checkpoint(h, x -> block.apply(x, pass, index)) : block.apply(h, pass, index);
            }
            return scope.keep(norm.apply(h));
        }
    }

    private Pass.Hiding hiding(Visibility visibility, long rows, long tokens) {
        if (visibility instanceof Visibility.Cached(KvCache cache) && tokens == 1 && Functions.decodesFast(head)) {
            return new Pass.Hiding.ByLength(cache);
        }
        // What is in a cache already is seen too, so only the first tokens of a cache are rows by themselves.
        boolean rowsAlone = !(visibility instanceof Visibility.Cached(KvCache known)) || known.length() == 0;
        if (rowsAlone && Functions.attendsFast(head)) {
            return new Pass.Hiding.Before(visibility.firstVisible((int) rows, (int) tokens));
        }
        return new Pass.Hiding.Added(visibility.bias(tokens, dtype(), device()));
    }

    /** Runs the next tokens {@code [B, T]} of the rows of a cache, which takes them up; {@code [B, T, D]}. */
    public Tensor hiddenStates(Tensor ids, KvCache cache) {
        int tokens = (int) ids.size(1);
        Tensor h = hiddenStates(ids, cache.nextPositions(tokens), new Visibility.Cached(cache));
        cache.advance(tokens);
        return h;
    }

    /** Turns hidden states {@code [..., D]} into logits {@code [..., V]}. */
    public Tensor logits(Tensor hiddenStates) {
        // Of rows that lie apart libtorch would make a batch of products, and a copy of the head for each.
        return logits.apply(hiddenStates.contiguous());
    }

    /** Returns {@code 0, 1, ..., T - 1} for each row; {@code [B, T]} INT64. */
    public Tensor positions(long batch, long tokens) {
        return Tensors.arange(tokens, device()).unsqueeze(0).expand(batch, tokens);
    }

    @Override
    public void close() {
        weights.close();
    }
}
