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
    /** Tells whether a weight gains by being packed: on the CPU, in bf16. */
    static boolean worthwhile(Tensor weight) {
        return weight.device().isCpu()
                && weight.dtype() == DType.BF16
                && weight.rank() == 2
                && CpuFeatures.current().bf16();
    }

    /** Packs a weight {@code [O, I]} that has no bias. */
    static PackedMatrix of(Tensor weight) {
        return of(weight, List.of());
    }

    /** Packs a weight {@code [O, I]} and its bias {@code [O]}. */
    static PackedMatrix of(Tensor weight, Tensor bias) {
        return of(weight, List.of(bias));
    }

    private static PackedMatrix of(Tensor weight, List<Tensor> bias) {
        return PanelMatrix.fits(weight) ? PanelMatrix.of(weight, bias) : ReorderedMatrix.of(weight, bias);
    }

    /** Returns {@code x weightᵀ + bias}: {@code x [..., I]} in bf16 to {@code [..., O]}; the innermost scope's. */
    Tensor product(Tensor x);

    @Override
    void close();
}
