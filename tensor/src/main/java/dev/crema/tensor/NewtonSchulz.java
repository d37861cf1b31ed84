package dev.crema.tensor;

import dev.crema.tensor.simd.GramNewtonSchulz;
import dev.crema.tensor.simd.GramNewtonSchulz.Polynomial;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;

/**
 * Finds the orthogonal factor {@code U Vᵀ} of {@code x = U S Vᵀ}, nearly (Jordan et al., "Muon: an optimizer for hidden
 * layers in neural networks", 2024).
 *
 * <p>Scaled to a norm of 1, {@code x} goes five times through
 *
 * <pre>{@code
 * x <- a x + b (x xᵀ) x + c (x xᵀ)² x
 * }</pre>
 *
 * which leaves the singular vectors as they are and brings the singular values between 0.7 and 1.2; the coefficients are
 * chosen to make small ones grow as fast as can be. On the CPU the iteration runs on the gram matrix ({@link
 * GramNewtonSchulz}) in fp32; elsewhere as it stands, in bf16 where the device is fast in it.
 */
public final class NewtonSchulz {
    private static final int TIMES = 5;
    private static final double A = 3.4445, B = -4.7750, C = 2.0315;
    private static final double LEAST_NORM = 1e-7;

    private NewtonSchulz() {}

    /** Returns the type in which matrices on a device are best given. */
    public static DType precision(Device device) {
        boolean wide = device.isCpu() && (GramNewtonSchulz.available() || !LibTorch.fastBf16());
        return wide ? DType.FP32 : DType.BF16;
    }

    /**
     * Returns the factor of each matrix, without a gradient; the innermost scope's.
     *
     * @param matrices {@code [n, rows, columns]} contiguous, FP32 or BF16
     */
    public static Tensor of(Tensor matrices) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            boolean panels = SimdRows.fit(matrices) && matrices.dtype() == DType.FP32 && GramNewtonSchulz.available();
            return scope.keep(panels ? byGram(matrices) : asItStands(matrices));
        }
    }

    private static Tensor byGram(Tensor matrices) {
        Tensor result = Tensors.empty(DType.FP32, Device.CPU, matrices.shape());
        GramNewtonSchulz iteration = new GramNewtonSchulz(new GramNewtonSchulz.Problem(
                matrices.segment().address(),
                result.segment().address(),
                Math.toIntExact(matrices.size(0)),
                Math.toIntExact(matrices.size(1)),
                Math.toIntExact(matrices.size(2)),
                new Polynomial((float) A, (float) B, (float) C),
                TIMES));
        Tensor scratch = Tensors.empty(DType.UINT8, Device.CPU, iteration.scratchBytes());
        iteration.run(scratch.segment().address());
        return result;
    }

    static Tensor asItStands(Tensor matrices) {
        boolean tall = matrices.size(1) > matrices.size(2);
        Tensor wide = matrices.to(DType.FP32);
        Tensor norms = wide.mul(wide).sum(2, true).sum(1, true).sqrt().clamp(LEAST_NORM, Float.MAX_VALUE); // [n, 1, 1]
        Tensor x = matrices.div(norms.to(matrices.dtype()));
        for (int i = 0; i < TIMES; i++) {
            Tensor turned = x.transpose(1, 2);
            // The gram matrix of the shorter side, [n, side, side].
            Tensor gram = tall ? Fp32Product.of(turned, x) : Fp32Product.of(x, turned);
            Tensor polynomial = sum(B, gram, C, gram, gram);
            x = sum(A, x, 1, tall ? x : polynomial, tall ? polynomial : x);
        }
        return x;
    }

    /** Returns {@code beta c + alpha a b}. */
    private static Tensor sum(double beta, Tensor c, double alpha, Tensor a, Tensor b) {
        return new Tensor(torch.baddbmm(c.handle, a.handle, b.handle, new Scalar(beta), new Scalar(alpha)));
    }
}
