package dev.crema.model;

import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.tensor.DType;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.tensor.VocabularyHead;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder-only transformer: token embedding, a stack of blocks, a norm, a head (Radford et al., 2019).
 *
 * <p>The parts are chosen by {@link ArchConfig}; there is no class per family. It owns its weights.
 */
public final class Decoder implements Model {
    /** Sequences up to which each costs little beside reading the weights. */
    private static final int FEW_ROWS = 4;

    private final ArchConfig config;
    private final Weights weights;
    private final List<Block> blocks = new ArrayList<>();
    private final List<MultiTokenLayer> ahead = new ArrayList<>();
    private final Norm norm;
    private final Tensor head;
    private final Linear logits;
    private final Passes passes;

    private Decoder(ArchConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
        for (int layer = 0; layer < config.layers(); layer++) blocks.add(Block.of(config, weights, layer));
        for (int k = 0; k < config.multiTokenLayers(); k++) {
            ahead.add(MultiTokenLayer.of(config, weights, config.layers() + k));
        }
        this.norm = Norm.of(config.norm(), weights, "norm");
        this.head = weights.get(config.tiedHead() ? "tokens.weight" : "head.weight");
        this.logits = Linear.of(weights, config.tiedHead() ? "tokens" : "head");
        this.passes = new Passes(config);
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

    @Override
    public ArchConfig config() {
        return config;
    }

    @Override
    public Weights weights() {
        return weights;
    }

    /** What turns hidden states into logits. */
    public VocabularyHead head() {
        return new VocabularyHead(head, config.logitCap());
    }

    /**
     * Runs the blocks and the last norm.
     *
     * @param ids {@code [B, T]} INT32 or INT64 in {@code [0, V)}
     * @param positions {@code [B, T]}
     * @return {@code [B, T, D]}, the innermost scope's
     */
    public Tensor hiddenStates(Tensor ids, Tensor positions, Visibility visibility) {
        Pass.Routers unwatched = new Pass.Routers.Unwatched();
        return hiddenStates(ids, positions, visibility, unwatched, Activations.KEEP, Dropout.NONE);
    }

    /** The same, as a pass of training asks. */
    public Tensor hiddenStates(Tensor ids, TrainingPass pass) {
        Pass.Routers routers = new Pass.Routers.Traced(pass.trace());
        return hiddenStates(ids, pass.positions(), pass.visibility(), routers, pass.activations(), pass.dropout());
    }

    /**
     * Runs the layer that predicts {@code depth} tokens further ahead than the head.
     *
     * @param depth from 1 to the number of such layers
     * @param hiddenStates {@code [B, T, D]} of the depth before, of which 0 is the model's
     * @param following {@code [B, T]} for each token the one that comes {@code depth} later
     * @return {@code [B, T, D]}, the innermost scope's
     */
    public Tensor hiddenStatesAhead(int depth, Tensor hiddenStates, Tensor following, TrainingPass pass) {
        try (Scope scope = Scope.open()) {
            Pass.Routers routers = new Pass.Routers.Traced(pass.trace());
            Pass last = passes.of(pass.visibility(), pass.positions(), head, routers, pass.dropout())
                    .getLast();
            if (pass.activations() == Activations.RECOMPUTE) Passes.retain(List.of(last));
            return scope.keep(ahead.get(depth - 1).apply(embedding(following), hiddenStates, last, pass.activations()));
        }
    }

    /** Looks tokens {@code [B, T]} up; {@code [B, T, D]}. */
    private Tensor embedding(Tensor ids) {
        Tensor h = Functions.embedding(weights.get("tokens.weight"), ids); // [B, T, D]
        if (config.embeddingScale() == 1) return h;
        // In the model's type, as transformers has it.
        return h.mul(Tensors.of(new float[] {(float) config.embeddingScale()}, 1)
                .to(h.dtype())
                .to(device()));
    }

    private Tensor hiddenStates(
            Tensor ids,
            Tensor positions,
            Visibility visibility,
            Pass.Routers routers,
            Activations activations,
            Dropout dropout) {
        boolean checkpoint = activations == Activations.RECOMPUTE;
        try (Scope scope = Scope.open()) {
            Tensor h = embedding(ids); // [B, T, D]
            if (config.position() instanceof PositionSpec.Learned) {
                h = h.add(Functions.embedding(weights.get("positions.weight"), positions));
            }
            if (visibility instanceof Visibility.Cached(KvCache cache) && keepsSums(cache)) h = h.to(DType.FP32);
            h = dropout.at(Dropout.EMBEDDING).apply(h);
            List<Pass> layers = passes.of(visibility, positions, head, routers, dropout);
            if (checkpoint) Passes.retain(layers);
            for (int layer = 0; layer < blocks.size(); layer++) {
                int index = layer;
                Pass pass = layers.get(layer);
                Block block = blocks.get(layer);
                h = checkpoint ? Tape.checkpoint(h, x -> block.apply(x, pass, index)) : block.apply(h, pass, index);
            }
            return scope.keep(norm.apply(h, layers.getFirst().statistics()));
        }
    }

    /**
     * Tells whether the residual stream is in FP32: added up in bf16, what many layers add is rounded as often, and near ties
     * between tokens fall the wrong way. In a chat that costs nothing; the many rows of a rollout stay as training sees them.
     * Where a part reads the stream itself, or a norm over the batch, which gives out the type that it takes in, the stream
     * has to be in the type of the weights.
     */
    private boolean keepsSums(KvCache cache) {
        return cache.rows() <= FEW_ROWS && config.normPlacement().before() && !(norm instanceof BatchNorm);
    }

    /** Runs the next tokens {@code [B, T]} of the rows of a cache, which takes them up; {@code [B, T, D]}. */
    public Tensor hiddenStates(Tensor ids, KvCache cache) {
        int tokens = (int) ids.size(1);
        Tensor h = hiddenStates(ids, cache.nextPositions(tokens), new Visibility.Cached(cache));
        cache.advance(tokens);
        return h;
    }

    /**
     * Turns hidden states {@code [..., D]} into logits {@code [..., V]}: in FP32 for a few rows without gradients on the CPU,
     * else in the model's type. Rounded to bf16, the two best tokens are often equal, and a greedy choice is arbitrary.
     */
    public Tensor logits(Tensor hiddenStates) {
        // Of rows that lie apart libtorch would make a batch of products, and a copy of the head for each.
        return config.logitCap().apply(logits.unrounded(hiddenStates.contiguous()));
    }

    /** Returns {@code 0, 1, ..., T - 1} for each row; {@code [B, T]} INT64. */
    public Tensor positions(long batch, long tokens) {
        return Tensors.arange(tokens, device()).unsqueeze(0).expand(batch, tokens);
    }
}
