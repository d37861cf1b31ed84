package dev.crema.tensor;

import dev.crema.tensor.simd.Crew;
import dev.crema.tensor.simd.FewRowsProduct;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.global.torch;

/**
 * Products of stretches of rows, each with a matrix of its own; experts without rows are never touched.
 *
 * <p>Where many experts have rows, threads take whole experts, one after the other, and each product runs on one thread:
 * a product of a few hundred rows is too short to wait for others at its end. Where few have rows, the threads share each
 * product.
 */
final class GroupedProducts {
    /** Busy experts for each thread from which on threads take whole experts. */
    private static final int PER_THREAD = 4;

    private final Dispatch dispatch;

    GroupedProducts(Dispatch dispatch) {
        this.dispatch = dispatch;
    }

    /** Writes {@code out = x weightᵀ} by expert: {@code x [R, I]}, {@code weight [E, O, I]}, {@code out [R, O]}. */
    void outputs(Tensor x, Tensor weight, Tensor out) {
        each(expert -> {
            Tensor rows = rows(x, expert), matrix = weight.select(0, expert), result = rows(out, expert);
            if (rows.size(0) <= FewRowsProduct.MOST_ROWS && SimdRows.fit(x)) {
                new FewRowsProduct(SimdRows.of(rows), SimdRows.of(matrix))
                        .write(new FewRowsProduct.Bias.None(), SimdRows.of(result));
            } else {
                product(rows, matrix.transpose(0, 1), result);
            }
        });
    }

    /** Writes the gradient of {@code x} from that of the outputs: {@code g [R, O]}, {@code out [R, I]}. */
    void inputGradients(Tensor g, Tensor weight, Tensor out) {
        each(expert -> product(rows(g, expert), weight.select(0, expert), rows(out, expert)));
    }

    /** Adds the gradient of a weight that collects gradients, from that of the outputs. */
    void collect(Tensor weight, Tensor g, Tensor x) {
        if (!weight.requiresGrad()) return;
        try (Scope scope = Scope.open()) {
            Tensor gradient = Tensors.emptyLike(weight);
            int[] busy = dispatch.busy();
            if (busy.length < weight.size(0)) gradient.fillInPlace(0);
            each(expert -> product(rows(g, expert).transpose(0, 1), rows(x, expert), gradient.select(0, expert)));
            if (weight.hasGrad()) weight.accumulateGrad(gradient);
            else weight.grad(gradient);
        }
    }

    private Tensor rows(Tensor all, int expert) {
        return all.narrow(0, dispatch.begin(expert), dispatch.rows(expert));
    }

    /** Writes {@code a b} to a part of the rows of a result, or a whole matrix. */
    private static void product(Tensor a, Tensor b, Tensor out) {
        if (Fp32Product.widened(a)) out.copyInPlace(Fp32Product.of(a, b));
        else if (Fp32Product.fits(a) && PanelledProduct.fits(a, b)) PanelledProduct.multiply(a, b, out, false);
        else torch.mm_out(out.handle, a.handle, b.handle);
    }

    private void each(IntConsumer work) {
        int[] busy = dispatch.busy();
        if (busy.length >= PER_THREAD * LibTorch.threads()) {
            Crew.runParts(busy.length, busy.length, (part, i) -> alone(work, busy[(int) i]));
        } else {
            for (int expert : busy) alone(work, expert);
        }
    }

    /** Recording is a switch of each thread, and a scope belongs to one. */
    private static void alone(IntConsumer work, int expert) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            work.accept(expert);
        }
    }
}
