package dev.crema.tensor;

import dev.crema.tensor.simd.FlashAttention;
import dev.crema.tensor.simd.SeenKeys;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** The differentiable functions that layers are made of; the innermost {@link Scope} owns each result. */
public final class Functions {
    private Functions() {}

    /** Looks rows up: {@code weight [V, D]}, {@code ids [...]} (INT32 or INT64) to {@code [..., D]}. */
    public static Tensor embedding(Tensor weight, Tensor ids) {
        return Embedding.apply(weight, ids);
    }

    /** Returns {@code x weightᵀ}: {@code x [..., I]}, {@code weight [O, I]} to {@code [..., O]}. */
    public static Tensor linear(Tensor x, Tensor weight) {
        return Product.of(x, weight);
    }

    /** Returns {@code x weightᵀ + bias}. */
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return Product.of(x, weight, bias);
    }

    /**
     * The same as {@link #linear(Tensor, Tensor)}, in FP32 where that costs nothing: of a few rows, without gradients, on the
     * CPU; else in the type of {@code x}.
     */
    public static Tensor linearUnrounded(Tensor x, Tensor weight) {
        return Product.unrounded(x, weight);
    }

    /**
     * Multiplies each head with its own rows of a weight, {@code x w}, without gradients.
     *
     * @param x {@code [B, T, H, I]}
     * @param weight {@code [H, P, O]} contiguous
     * @param from the first of the I rows of a head's P that take part
     * @return {@code [B, T, H, O]}
     */
    public static Tensor headRows(Tensor x, Tensor weight, int from) {
        return HeadWeights.rows(x, weight, from);
    }

    /**
     * Multiplies each head with its own rows of a weight, {@code x wᵀ}, without gradients.
     *
     * @param x {@code [B, T, H, I]}
     * @param weight {@code [H, P, I]} contiguous
     * @param from the first of the {@code count} rows of a head's P that take part
     * @return {@code [B, T, H, count]}
     */
    public static Tensor headColumns(Tensor x, Tensor weight, int from, int count) {
        return HeadWeights.columns(x, weight, from, count);
    }

    /** Normalises the last dimension to mean 0 and variance 1, then scales and shifts (Ba et al., 2016). */
    public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
        return LayerNorm.apply(x, weight, bias, epsilon);
    }

    /** Divides the last dimension by its root mean square, then scales (Zhang and Sennrich, 2019). */
    public static Tensor rmsNorm(Tensor x, Tensor weight, double epsilon) {
        return RmsNorm.apply(x, weight, 0, epsilon);
    }

    /** The same with {@code 1 + weight} in place of the weight, added in fp32, as Gemma keeps its norms. */
    public static Tensor unitOffsetRmsNorm(Tensor x, Tensor weight, double epsilon) {
        return RmsNorm.apply(x, weight, 1, epsilon);
    }

    /**
     * Returns {@code geluTanh(x upᵀ + upBias) downᵀ + downBias}, and keeps less for the gradient than the three after one
     * another: {@code x [..., D]}, {@code up [F, D]}, {@code down [D, F]} to {@code [..., D]}.
     */
    public static Tensor geluFeedForward(Tensor x, Tensor up, Tensor upBias, Tensor down, Tensor downBias) {
        return new GeluFeedForward(up, upBias, down, downBias).of(x);
    }

    /**
     * Returns {@code swiGlu(x inputᵀ) outputᵀ}, and keeps less for the gradient than the three after one another:
     * {@code x [..., D]}, {@code input [2 F, D]}, {@code output [D, F]} to {@code [..., D]}.
     */
    public static Tensor swiGluFeedForward(Tensor x, Tensor input, Tensor output) {
        return new SwiGluFeedForward(input, output).of(x);
    }

    /** Gaussian error linear unit, exact. */
    public static Tensor gelu(Tensor x) {
        return new Tensor(torch.gelu(x.handle));
    }

    /** Gaussian error linear unit by the hyperbolic tangent, as GPT-2 has it. */
    public static Tensor geluTanh(Tensor x) {
        return Gelu.apply(x);
    }

    /**
     * Sets elements to zero at random and divides the others by {@code 1 - rate}; the gradient likewise.
     *
     * @param rate in {@code [0, 1)}
     * @param seed decides which: the same seed and shape drop the same elements
     */
    public static Tensor dropout(Tensor x, double rate, long seed) {
        return Dropout.apply(x, rate, seed);
    }

    /** Hyperbolic tangent. */
    public static Tensor tanh(Tensor x) {
        return new Tensor(torch.tanh(x.handle));
    }

    public static Tensor relu(Tensor x) {
        return new Tensor(torch.relu(x.handle));
    }

    /** Returns {@code x * sigmoid(x)}. */
    public static Tensor silu(Tensor x) {
        return new Tensor(torch.silu(x.handle));
    }

    public static Tensor softmax(Tensor x, int dim) {
        return new Tensor(torch.softmax(x.handle, dim));
    }

    /** Returns the log of the sum of exponentials along a dimension, which goes away. */
    public static Tensor logSumExp(Tensor x, int dim) {
        return new Tensor(torch.logsumexp(x.handle, new long[] {dim}, false));
    }

    /**
     * Returns the sum over rows of the negative log-likelihood, computed in fp32.
     *
     * @param logits {@code [N, V]}
     * @param targets {@code [N]} INT64; -100 marks a row that does not count
     */
    public static Tensor crossEntropySum(Tensor logits, Tensor targets) {
        Tensor wide = logits.to(DType.FP32);
        return new Tensor(
                torch.cross_entropy_loss(wide.handle, targets.handle, new TensorOptional(), 2 /* sum */, -100, 0.0));
    }

    /** Returns {@code silu(gate) * up}: {@code x [..., 2 F]} holds the gate and then up; {@code [..., F]}. */
    public static Tensor swiGlu(Tensor x) {
        return SwiGlu.apply(x);
    }

    /** Returns {@code 1 / (1 + exp(-x))}. */
    public static Tensor sigmoid(Tensor x) {
        return new Tensor(torch.sigmoid(x.handle));
    }

    /**
     * Returns, for each token, the weighted sum of what the experts that it chose make of it: each is a SwiGLU of its own.
     *
     * @param x {@code [N, D]}
     * @param weights {@code [N, K]} FP32, one for each choice
     * @param dispatch the choices, sorted by expert
     * @param input {@code [E, 2 F, D]} the gate and then up, by expert
     * @param output {@code [E, D, F]} by expert
     * @return {@code [N, D]}
     */
    public static Tensor experts(Tensor x, Tensor weights, Dispatch dispatch, Tensor input, Tensor output) {
        return Experts.apply(x, weights, dispatch, input, output);
    }

    /** Returns {@code x}, to whose gradient another is added on the way back: that of a loss beside the main one. */
    public static Tensor withGradient(Tensor x, Supplier<Tensor> more) {
        return CustomGradient.of(x, x, (gradient, none) -> gradient.add(more.get()));
    }

    /**
     * Turns each pair of dimensions {@code (i, i + r/2)} by its angle; dimensions from {@code r} on stay.
     *
     * @param x {@code [B, T, H, d]}
     * @param cos {@code [B, T, r/2]} FP32
     * @param sin {@code [B, T, r/2]} FP32
     */
    public static Tensor rotate(Tensor x, Tensor cos, Tensor sin) {
        return Rotation.apply(x, cos, sin);
    }

    /**
     * Returns {@code softmax(cap(scale q kᵀ) + bias) v}.
     *
     * @param q {@code [B, H, T, d]}
     * @param k {@code [B, K, S, d]}, each head of which {@code H / K} query heads share
     * @param v {@code [B, K, S, d]}
     * @param bias {@code [1 or B, 1 or H, 1 or T, S]}
     * @return {@code [B, H, T, d]}
     */
    public static Tensor attention(Tensor q, Tensor k, Tensor v, Tensor bias, double scale, SoftCap cap) {
        return Attention.apply(q, k, v, List.of(bias), scale, cap);
    }

    /** The same, with scores as they are. */
    public static Tensor attention(Tensor q, Tensor k, Tensor v, Tensor bias, double scale) {
        return Attention.apply(q, k, v, List.of(bias), scale, new SoftCap.None());
    }

    /** The same without a bias: each token sees all. */
    public static Tensor attention(Tensor q, Tensor k, Tensor v, double scale) {
        return Attention.apply(q, k, v, List.of(), scale, new SoftCap.None());
    }

    /** Tells whether {@link #selfAttention} can work where this tensor is, in its type. */
    public static boolean attendsFast(Tensor like) {
        return SimdRows.fit(like);
    }

    /** Tells whether {@link #selfAttention} on the CPU keeps no weights, so that its memory grows with the tokens alone. */
    public static boolean attendsByBlocks(DType dtype, int headSize) {
        return FlashAttention.fits(headSize, dtype == DType.FP32);
    }

    /**
     * Returns the attention of whole rows: {@code softmax(scale q kᵀ) v} by head.
     *
     * @param projection {@code [B, T, (H + 2 K) d]}: queries, keys and values of each token side by side
     * @param seen what each token sees
     * @param angles cosines and sines {@code [B, T, r/2]} FP32 by which the first r dimensions of queries and keys turn,
     *     or nothing
     * @return {@code [B, T, H d]}
     */
    public static Tensor selfAttention(
            Tensor projection, HeadLayout layout, SeenKeys seen, List<Tensor> angles, double scale) {
        return FlashSelfAttention.fits(projection, layout)
                ? FlashSelfAttention.apply(projection, layout, seen, angles, scale)
                : SelfAttention.apply(projection, layout, seen, angles, scale);
    }

    /**
     * Returns the attention of whole rows to a projection {@code x wᵀ + b}; in training, where it can, with one gradient for
     * both.
     *
     * @param x {@code [B, T, D]}
     * @param weight {@code [(H + 2 K) d, D]}
     * @param bias {@code [(H + 2 K) d]}, or nothing
     * @return {@code [B, T, H d]}
     */
    public static Tensor selfAttention(
            Tensor x,
            Tensor weight,
            List<Tensor> bias,
            HeadLayout layout,
            SeenKeys seen,
            List<Tensor> angles,
            double scale) {
        if (FlashSelfAttention.fits(x, layout, weight, bias)) {
            return FlashSelfAttention.ofProjected(x, weight, bias, layout, seen, angles, scale);
        }
        Tensor projection = bias.isEmpty() ? linear(x, weight) : linear(x, weight, bias.getFirst());
        return selfAttention(projection, layout, seen, angles, scale);
    }

    /** Returns the keys that {@link #selfAttention} makes of a projection, {@code [B, K, T, d]}, without gradients. */
    public static Tensor keysOf(Tensor projection, HeadLayout layout, List<Tensor> angles) {
        return SelfAttention.keys(projection, layout, angles);
    }

    /** Tells whether {@link #latentAttention} can work with these. */
    public static boolean attendsLatents(Tensor queries, Tensor latents, int rank) {
        return LatentHeads.fit(queries, latents, rank);
    }

    /**
     * Lets the heads of one new token of each row attend to latents that all heads share, {@code softmax(scale q cᵀ) c'},
     * without gradients; the innermost scope's.
     *
     * @param queries {@code [B, 1, H, R + r]}
     * @param latents {@code [B, S, R + r]}
     * @param rank R, the numbers of a latent that are mixed
     * @param starts for each row the first latent that is seen
     * @param length latents in use
     * @return {@code [B, 1, H, R]}
     */
    public static Tensor latentAttention(
            Tensor queries, Tensor latents, int rank, int[] starts, int length, double scale) {
        return LatentHeads.attend(queries, latents, rank, starts, length, scale);
    }

    /** Returns the values that {@link #selfAttention} makes of a projection, {@code [B, K, T, d]}, without gradients. */
    public static Tensor valuesOf(Tensor projection, HeadLayout layout) {
        return SelfAttention.values(projection, layout);
    }
}
