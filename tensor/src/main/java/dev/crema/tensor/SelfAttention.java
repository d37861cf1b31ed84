package dev.crema.tensor;

import dev.crema.tensor.simd.HeadRows;
import dev.crema.tensor.simd.SeenKeys;
import dev.crema.tensor.simd.WindowSoftmax;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention of whole rows on the CPU, from the joint projection to the mixed values, with its gradient, where
 * {@link FlashSelfAttention} does not fit: on processors without AVX-512, and for heads of an odd size.
 *
 * <p>What costs time besides the matrix products is moving elements: splitting the projection, turning queries and keys,
 * reordering heads, hiding keys. Each is folded into a pass that has to be made anyway. Queries are taken in blocks, and a
 * block is multiplied only with the keys that its last query may see, which spares up to half of the products.
 *
 * <p>Saved for the backward pass are the packed queries, keys and values and the weights; the gradient of the scores
 * overwrites that of the weights.
 */
final class SelfAttention {
    private static final int BLOCK = 128;

    private final HeadLayout layout;
    private final boolean turned;
    private final SeenKeys seen;
    private final int batch;
    private final int tokens;
    private final DType dtype;
    private final HeadRows heads;
    private final float scale;

    private SelfAttention(Tensor projection, HeadLayout layout, boolean turned, SeenKeys seen, double scale) {
        this.layout = layout;
        this.turned = turned;
        this.seen = seen;
        this.batch = (int) projection.size(0);
        this.tokens = (int) projection.size(1);
        this.dtype = projection.dtype();
        this.heads = new HeadRows(batch, tokens, layout.size(), dtype == DType.FP32);
        this.scale = (float) scale;
    }

    /**
     * @param projection {@code [B, T, (H + 2 K) d]}
     * @param seen what each token sees
     * @param angles cosines and sines {@code [B, T, r/2]} by which queries and keys turn, or nothing
     * @param scale of the products of queries and keys
     * @return {@code [B, T, H d]}
     */
    static Tensor apply(Tensor projection, HeadLayout layout, SeenKeys seen, List<Tensor> angles, double scale) {
        return new SelfAttention(projection, layout, !angles.isEmpty(), seen, scale).forward(projection, angles);
    }

    /** Returns the keys of a projection, turned, as {@code [B, K, T, d]}. */
    static Tensor keys(Tensor projection, HeadLayout layout, List<Tensor> angles) {
        SelfAttention attention =
                new SelfAttention(projection, layout, !angles.isEmpty(), SeenKeys.from(new int[0]), 1);
        Tensor rows = projection.detach().contiguous();
        return attention.gather(rows, layout.heads(), layout.shared(), attention.turn(angles, 1), 1);
    }

    /** Returns the values of a projection as {@code [B, K, T, d]}. */
    static Tensor values(Tensor projection, HeadLayout layout) {
        SelfAttention attention = new SelfAttention(projection, layout, false, SeenKeys.from(new int[0]), 1);
        Tensor rows = projection.detach().contiguous();
        return attention.gather(rows, layout.heads() + layout.shared(), layout.shared(), new HeadRows.Turn.None(), 1);
    }

    private HeadRows.Turn turn(List<Tensor> angles, float sign) {
        return turned
                ? new HeadRows.Turn.By(SimdRows.of(angles.get(0)), SimdRows.of(angles.get(1)), sign)
                : new HeadRows.Turn.None();
    }

    private Tensor forward(Tensor projection, List<Tensor> angles) {
        try (Scope scope = Scope.open()) {
            Tensor value;
            Tensor[] saved;
            try (var off = Autograd.off()) {
                Tensor rows = projection.detach().contiguous();
                HeadRows.Turn turn = turn(angles, 1);
                Tensor k = gather(rows, layout.heads(), layout.shared(), turn, 1); // [B, K, T, d]
                Tensor v = gather(rows, layout.heads() + layout.shared(), layout.shared(), new HeadRows.Turn.None(), 1);
                value = empty(batch, tokens, (long) layout.heads() * layout.size());
                List<Tensor> kept = new ArrayList<>(List.of(k, v));
                kept.addAll(angles);
                for (int from = 0; from < tokens; from += BLOCK) {
                    int count = Math.min(BLOCK, tokens - from);
                    Tensor q = gatherBlock(rows, from, count, turn, scale); // [B, H, count, d]
                    Tensor weights = weights(q, k, from, count); // [B, H, count, from + count]
                    Tensor mixed = Fp32Product.of(perShared(weights), keys(v, from + count)); // [B K, group count, d]
                    scatterBlock(mixed, value, from, count, new HeadRows.Turn.None(), 1);
                    kept.add(q);
                    kept.add(weights);
                }
                saved = kept.toArray(Tensor[]::new);
            }
            return scope.keep(CustomGradient.of(value, projection, this::backward, saved));
        }
    }

    private Tensor backward(Tensor gradient, Tensor[] saved) {
        Tensor k = saved[0], v = saved[1], dMixedRows = gradient.contiguous();
        int firstBlock = turned ? 4 : 2;
        HeadRows.Turn back = turned ? turn(List.of(saved[2], saved[3]), -1) : new HeadRows.Turn.None();
        Tensor result = empty(batch, tokens, layout.width());
        // The last block sees all keys: it begins their gradients, and the others add to them.
        Tensor dk = k, dv = v; // [B K, T, d]
        int last = (tokens - 1) / BLOCK;
        for (int block = last; block >= 0; block--) {
            int from = block * BLOCK, count = Math.min(BLOCK, tokens - from), end = from + count;
            Tensor q = saved[firstBlock + 2 * block], weights = saved[firstBlock + 2 * block + 1];
            try (Scope scope = Scope.open()) {
                Tensor shares = perShared(weights); // [B K, group count, keys]
                Tensor g = perShared(gatherBlock(dMixedRows, from, count, new HeadRows.Turn.None(), 1));
                Tensor dWeights = Fp32Product.of(g, keys(v, end).transpose(1, 2)); // [B K, group count, keys]
                softmax(dWeights, from, count).backward(weights.segment());
                scatterBlock(Fp32Product.of(dWeights, keys(k, end)), result, from, count, back, scale);
                Tensor dvPart = Fp32Product.of(shares.transpose(1, 2), g); // [B K, keys, d]
                Tensor dkPart = Fp32Product.of(dWeights.transpose(1, 2), perShared(q));
                if (block == last) {
                    dv = scope.keep(dvPart);
                    dk = scope.keep(dkPart);
                } else {
                    dv.narrow(1, 0, end).addInPlace(dvPart);
                    dk.narrow(1, 0, end).addInPlace(dkPart);
                }
            }
        }
        var rows = SimdRows.of(result);
        int size = layout.size(), h = layout.heads(), s = layout.shared();
        heads.scatter(dk.segment(), rows, h * size, s, back, 1);
        heads.scatter(dv.segment(), rows, (h + s) * size, s, new HeadRows.Turn.None(), 1);
        return result;
    }

    /** Returns the weights of a block of queries, {@code [B, H, count, from + count]}. */
    private Tensor weights(Tensor q, Tensor k, int from, int count) {
        Tensor scores = Fp32Product.of(perShared(q), keys(k, from + count).transpose(1, 2)); // [B K, group count, keys]
        softmax(scores, from, count).forward();
        return scores.reshape(batch, layout.heads(), count, from + count);
    }

    private WindowSoftmax softmax(Tensor scores, int from, int count) {
        var block = new WindowSoftmax.Block(
                (long) batch * layout.heads(), layout.heads(), tokens, from, count, from + count);
        return new WindowSoftmax(scores.segment(), dtype == DType.FP32, block, seen);
    }

    /** Stacks the query heads that share keys: {@code [B, H, n, m] -> [B K, H/K n, m]}. */
    private Tensor perShared(Tensor heads) {
        return heads.reshape((long) batch * layout.shared(), -1, heads.size(3));
    }

    /** Returns the first tokens of keys or values: {@code [B, K, T, d] -> [B K, count, d]}. */
    private Tensor keys(Tensor heads, int count) {
        return heads.reshape((long) batch * layout.shared(), tokens, layout.size())
                .narrow(1, 0, count);
    }

    private Tensor gather(Tensor rows, int firstHead, int count, HeadRows.Turn turn, float scale) {
        Tensor target = empty(batch, count, tokens, layout.size());
        heads.gather(SimdRows.of(rows), firstHead * layout.size(), count, target.segment(), turn, scale);
        return target;
    }

    /** Returns the query heads of a block of tokens, {@code [B, H, count, d]}, of rows that begin with them. */
    private Tensor gatherBlock(Tensor rows, int from, int count, HeadRows.Turn turn, float scale) {
        Tensor target = empty(batch, layout.heads(), count, layout.size());
        heads.part(from, count).gather(SimdRows.of(rows), 0, layout.heads(), target.segment(), turn, scale);
        return target;
    }

    /** Writes the query heads of a block of tokens into the beginning of its rows. */
    private void scatterBlock(Tensor source, Tensor rows, int from, int count, HeadRows.Turn turn, float scale) {
        heads.part(from, count).scatter(source.segment(), SimdRows.of(rows), 0, layout.heads(), turn, scale);
    }

    private Tensor empty(long... shape) {
        return Tensors.empty(dtype, Device.CPU, shape);
    }
}
