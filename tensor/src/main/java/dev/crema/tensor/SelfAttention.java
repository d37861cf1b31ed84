package dev.crema.tensor;

import dev.crema.tensor.simd.HeadRows;
import dev.crema.tensor.simd.WindowSoftmax;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/**
 * Attention of whole rows on the CPU, from the joint projection to the mixed values, with its gradient.
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
    private final int[] first;
    private final int batch;
    private final int tokens;
    private final DType dtype;
    private final HeadRows heads;
    private final float scale;

    private SelfAttention(Tensor projection, HeadLayout layout, boolean turned, int[] first) {
        this.layout = layout;
        this.turned = turned;
        this.first = first;
        this.batch = (int) projection.size(0);
        this.tokens = (int) projection.size(1);
        this.dtype = projection.dtype();
        this.heads = new HeadRows(batch, tokens, layout.size(), dtype == DType.FP32);
        this.scale = (float) (1 / Math.sqrt(layout.size()));
    }

    /**
     * @param projection {@code [B, T, (H + 2 K) d]}
     * @param first for each token, the first of its row that it sees
     * @param angles cosines and sines {@code [B, T, d/2]} by which queries and keys turn, or nothing
     * @return {@code [B, T, H d]}
     */
    static Tensor apply(Tensor projection, HeadLayout layout, int[] first, List<Tensor> angles) {
        return new SelfAttention(projection, layout, !angles.isEmpty(), first).forward(projection, angles);
    }

    /** Returns the keys of a projection, turned, as {@code [B, K, T, d]}. */
    static Tensor keys(Tensor projection, HeadLayout layout, List<Tensor> angles) {
        SelfAttention attention = new SelfAttention(projection, layout, !angles.isEmpty(), new int[0]);
        Tensor rows = projection.detach().contiguous();
        return attention.gather(rows, layout.heads(), layout.shared(), attention.turn(angles, 1), 1);
    }

    /** Returns the values of a projection as {@code [B, K, T, d]}. */
    static Tensor values(Tensor projection, HeadLayout layout) {
        SelfAttention attention = new SelfAttention(projection, layout, false, new int[0]);
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
                Tensor q = gather(rows, 0, layout.heads(), turn, scale); // [B, H, T, d]
                Tensor k = gather(rows, layout.heads(), layout.shared(), turn, 1); // [B, K, T, d]
                Tensor v = gather(rows, layout.heads() + layout.shared(), layout.shared(), new HeadRows.Turn.None(), 1);
                Tensor mixed = empty(batch, layout.heads(), tokens, layout.size()); // [B, H, T, d]
                List<Tensor> kept = new ArrayList<>(List.of(q, k, v));
                kept.addAll(angles);
                for (int from = 0; from < tokens; from += BLOCK) {
                    int count = Math.min(BLOCK, tokens - from);
                    Tensor weights = weights(q, k, from, count);
                    part(mixed, from, count)
                            .copyInPlace(perShared(weights)
                                    .matmul(keys(v, from + count))
                                    .reshape(batch, layout.heads(), count, layout.size()));
                    kept.add(weights);
                }
                value = scatter(mixed, layout.heads());
                saved = kept.toArray(Tensor[]::new);
            }
            return scope.keep(CustomGradient.of(value, projection, this::backward, saved));
        }
    }

    private Tensor backward(Tensor gradient, Tensor[] saved) {
        Tensor q = saved[0], k = saved[1], v = saved[2];
        Tensor dMixed = gather(gradient.contiguous(), 0, layout.heads(), new HeadRows.Turn.None(), 1);
        Tensor dq = Tensors.emptyLike(q);
        Tensor dk = Tensors.zeros(dtype, Device.CPU, k.shape()), dv = Tensors.zeros(dtype, Device.CPU, v.shape());
        for (int from = 0, i = turned ? 5 : 3; from < tokens; from += BLOCK, i++) {
            try (Scope scope = Scope.open()) {
                int count = Math.min(BLOCK, tokens - from), keys = from + count;
                Tensor weights = perShared(saved[i]); // [B K, group count, keys]
                Tensor g = perShared(part(dMixed, from, count).contiguous()); // [B K, group count, d]
                Tensor rows = perShared(part(q, from, count).contiguous());
                Tensor dWeights = g.matmul(keys(v, keys).transpose(1, 2)); // [B K, group count, keys]
                softmax(dWeights, from, count).backward(saved[i].segment());
                part(dq, from, count)
                        .copyInPlace(
                                dWeights.matmul(keys(k, keys)).reshape(batch, layout.heads(), count, layout.size()));
                keys(dv, keys).addInPlace(weights.transpose(1, 2).matmul(g));
                keys(dk, keys).addInPlace(dWeights.transpose(1, 2).matmul(rows));
            }
        }
        Tensor result = empty(batch, tokens, layout.width());
        HeadRows.Turn back = turn(List.of(saved[3], saved[Math.min(4, saved.length - 1)]), -1);
        var rows = SimdRows.of(result);
        int size = layout.size(), h = layout.heads(), s = layout.shared();
        heads.scatter(dq.segment(), rows, 0, h, back, scale);
        heads.scatter(dk.segment(), rows, h * size, s, back, 1);
        heads.scatter(dv.segment(), rows, (h + s) * size, s, new HeadRows.Turn.None(), 1);
        return result;
    }

    /** Returns the weights of a block of queries, {@code [B, H, count, from + count]}. */
    private Tensor weights(Tensor q, Tensor k, int from, int count) {
        Tensor rows = perShared(part(q, from, count).contiguous());
        Tensor scores = new Tensor(torch.bmm(rows.handle, keys(k, from + count).transpose(1, 2).handle));
        softmax(scores, from, count).forward();
        return scores.reshape(batch, layout.heads(), count, from + count);
    }

    private WindowSoftmax softmax(Tensor scores, int from, int count) {
        var block = new WindowSoftmax.Block(
                (long) batch * layout.heads(), layout.heads(), tokens, from, count, from + count);
        return new WindowSoftmax(scores.segment(), dtype == DType.FP32, block, first);
    }

    /** Returns the tokens {@code [from, from + count)} of {@code [B, H, T, d]}. */
    private static Tensor part(Tensor heads, int from, int count) {
        return heads.narrow(2, from, count);
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

    private Tensor scatter(Tensor source, int count) {
        Tensor target = empty(batch, tokens, (long) count * layout.size());
        heads.scatter(source.segment(), SimdRows.of(target), 0, count, new HeadRows.Turn.None(), 1);
        return target;
    }

    private Tensor empty(long... shape) {
        return Tensors.empty(dtype, Device.CPU, shape);
    }
}
