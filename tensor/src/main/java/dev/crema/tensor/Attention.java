package dev.crema.tensor;

import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Scaled dot-product attention (Vaswani et al., 2017), by the kernel that is fast on the device.
 *
 * <p>On a GPU that is libtorch's fused one, unless scores are capped. On the CPU its fused one takes forty times as long as
 * the two products and the softmax that it stands for, so these are written out; query heads that share keys are stacked as
 * rows of one product, so that keys and values are never repeated. Where all share one head, rows of the batch are
 * multiplied one by one: in a cache there is room behind each, and a product of many matrices copies what does not lie
 * without gaps.
 */
final class Attention {
    private Attention() {}

    /** @param bias what is added to the scores, or nothing */
    static Tensor apply(Tensor q, Tensor k, Tensor v, List<Tensor> bias, double scale, SoftCap cap) {
        if (!q.device().isCpu() && cap instanceof SoftCap.None) return fused(q, k, v, bias, scale);
        long batch = q.size(0), heads = q.size(1), tokens = q.size(2), size = q.size(3);
        long shared = k.size(1), slots = k.size(2), group = heads / shared;
        Tensor rows = q.reshape(batch * shared, group * tokens, size); // [B K, H/K T, d]
        Tensor scores = shared == 1
                ? byRow(batch, i -> product(rows.select(0, i), k.select(0, i).select(0, 0), scale))
                : products(rows, k.reshape(batch * shared, slots, size), scale);
        Tensor capped = cap.apply(scores).reshape(batch, heads, tokens, slots);
        for (Tensor each : bias) capped.addInPlace(each);
        Tensor weights =
                Functions.softmax(capped, -1).reshape(batch * shared, group * tokens, slots); // [B K, H/K T, S]
        Tensor mixed = shared == 1
                ? byRow(batch, i -> weights.select(0, i).matmul(v.select(0, i).select(0, 0)))
                : weights.matmul(v.reshape(batch * shared, slots, v.size(3))); // [B K, H/K T, v]
        return mixed.reshape(batch, heads, tokens, v.size(3));
    }

    private static Tensor byRow(long batch, LongFunction<Tensor> product) {
        List<Tensor> products = LongStream.range(0, batch)
                .mapToObj(row -> product.apply(row).unsqueeze(0))
                .toList();
        return batch == 1 ? products.getFirst() : Tensor.concat(products, 0);
    }

    /** Returns {@code scale q kᵀ} of {@code [N, d]} and {@code [S, d]}. */
    private static Tensor product(Tensor q, Tensor k, double scale) {
        Tensor keys = k.transpose(0, 1);
        if (Fp32Product.widened(q)) return q.matmul(keys).mul(scale);
        Tensor room = Tensors.empty(q.dtype(), q.device(), 1).expand(q.size(0), k.size(0));
        return new Tensor(torch.addmm(room.handle, q.handle, keys.handle, new Scalar(0.0), new Scalar(scale)));
    }

    /** Returns {@code scale q kᵀ} of {@code [B, N, d]} and {@code [B, S, d]}. */
    private static Tensor products(Tensor q, Tensor k, double scale) {
        Tensor keys = k.transpose(1, 2);
        if (Fp32Product.widened(q)) return q.matmul(keys).mul(scale);
        Tensor room = Tensors.empty(q.dtype(), q.device(), 1).expand(q.size(0), q.size(1), k.size(1));
        return new Tensor(torch.baddbmm(room.handle, q.handle, keys.handle, new Scalar(0.0), new Scalar(scale)));
    }

    private static Tensor fused(Tensor q, Tensor k, Tensor v, List<Tensor> bias, double scale) {
        return new Tensor(torch.scaled_dot_product_attention(
                q.handle,
                k.handle,
                v.handle,
                bias.isEmpty() ? new TensorOptional() : new TensorOptional(bias.getFirst().handle),
                0.0,
                false,
                new DoubleOptional(scale),
                k.size(1) != q.size(1)));
    }
}
