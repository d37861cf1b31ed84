package dev.crema.tensor;

import java.util.List;

/**
 * A weight, and the bias that goes with it, laid out as a matrix product reads it, for products without gradients on the
 * CPU.
 *
 * <p>A product with a plain weight rearranges it first, each time. With many rows that does not show; with the few of a
 * decoding step it is a quarter of the time. A packed copy is as large as the weight and keeps the values that the weight
 * had when it was packed. It owns its memory.
 */
public sealed interface PackedMatrix extends AutoCloseable permits PanelMatrix, ReorderedMatrix {
    /** Tells whether a weight gains by being packed: on the CPU, where one of the two has products of its type. */
    static boolean worthwhile(Tensor weight, After after) {
        return weight.device().isCpu()
                && weight.rank() == 2
                && (PanelMatrix.fits(weight, after) || ReorderedMatrix.fits(weight));
    }

    /** What is made of a product. */
    enum After {
        NOTHING,
        /** {@link Functions#swiGlu}: half as many columns, which are not rounded in between where this need not be. */
        SWIGLU
    }

    /**
     * Packs a weight.
     *
     * @param weight {@code [O, I]}
     * @param bias {@code [O]}, or none
     */
    static PackedMatrix of(Tensor weight, List<Tensor> bias, After after) {
        return PanelMatrix.fits(weight, after)
                ? PanelMatrix.of(weight, bias, after)
                : ReorderedMatrix.of(weight, bias, after);
    }

    /**
     * Computes {@code x weightᵀ + bias} and what comes after it.
     *
     * @param x {@code [..., I]} in the weight's type
     * @return {@code [..., O]}, or {@code [..., O / 2]} after SwiGLU; the innermost scope's
     */
    Tensor product(Tensor x);

    /**
     * Computes {@code stream + x weightᵀ + bias} in the stream's type, rounded once where this can be.
     *
     * @param x {@code [..., I]} in the weight's type
     * @param stream {@code [..., O]}
     * @return {@code [..., O]}; the innermost scope's
     */
    default Tensor added(Tensor x, Tensor stream) {
        return stream.add(product(x));
    }

    @Override
    void close();
}
