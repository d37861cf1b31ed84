package dev.crema.tensor;

import dev.crema.tensor.simd.AdamWElements;
import dev.crema.tensor.simd.MuonElements;
import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;

/** Work on whole weights that needs no gradient, by the kernel that is fast where they are. */
public final class Kernels {
    private Kernels() {}

    /**
     * The numbers of one AdamW step.
     *
     * @param scale multiplies the gradient first (clipping)
     * @param number of the step, from 1
     */
    public record AdamWStep(
            double scale, double rate, double beta1, double beta2, double epsilon, double weightDecay, long number) {}

    /**
     * Takes one AdamW step in place (Loshchilov and Hutter, 2019).
     *
     * @param master FP32
     * @param gradient FP32 or BF16
     * @param first the running mean of gradients, FP32
     * @param second the running mean of their squares, FP32
     * @param weight gets the master, rounded to its type; may be the master itself
     */
    public static void adamW(
            Tensor master, Tensor gradient, Tensor first, Tensor second, Tensor weight, AdamWStep step) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            if (SimdRows.fit(master) && SimdRows.fit(weight) && SimdRows.fit(gradient)) {
                Tensor flat = gradient.contiguous();
                AdamWElements.step(
                        master.segment(),
                        flat.segment(),
                        flat.dtype() == DType.FP32,
                        first.segment(),
                        second.segment(),
                        weight.segment(),
                        AdamWElements.Step.of(
                                step.scale(),
                                step.rate(),
                                step.beta1(),
                                step.beta2(),
                                step.epsilon(),
                                step.weightDecay(),
                                step.number()));
            } else {
                fused(master.detach(), gradient.to(DType.FP32).mul(step.scale()), first, second, step);
                if (weight != master) weight.detach().copyInPlace(master);
            }
        }
    }

    /**
     * Moves the momentum {@code m} of a weight towards its scaled gradient {@code g}: {@code m + (1 - β)(g - m)}.
     *
     * @param gradient FP32 or BF16
     * @param momentum FP32
     * @param ahead FP32 or BF16, contiguous; gets Nesterov's look ahead, {@code g + β (m - g)}
     */
    public static void muonMomentum(Tensor gradient, double scale, double beta, Tensor momentum, Tensor ahead) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            if (SimdRows.fit(gradient) && SimdRows.fit(momentum)) {
                Tensor flat = gradient.contiguous();
                MuonElements.momentum(flat.segment(), (float) scale, (float) beta, momentum.segment(), ahead.segment());
            } else {
                Tensor scaled = gradient.to(DType.FP32).mul(scale);
                momentum.lerpInPlace(scaled, 1 - beta);
                ahead.copyInPlace(scaled.copy().lerpInPlace(momentum, beta));
            }
        }
    }

    /**
     * Takes a step of a weight in place: {@code decay w - rate u}.
     *
     * @param master FP32
     * @param update FP32 or BF16, contiguous
     * @param weight gets the master, rounded to its type; may be the master itself
     */
    public static void muonStep(Tensor master, Tensor update, double decay, double rate, Tensor weight) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            boolean same = weight == master;
            if (SimdRows.fit(master) && (same || weight.dtype() == DType.BF16)) {
                MuonElements.step(master.segment(), update.segment(), (float) decay, (float) rate, weight.segment());
            } else {
                master.detach().mulInPlace(decay).addInPlace(update.to(DType.FP32), -rate);
                if (!same) weight.detach().copyInPlace(master);
            }
        }
    }

    /** Returns the sum of the squares of all elements. */
    public static double sumOfSquares(Tensor values) {
        try (Scope scope = Scope.open()) {
            if (SimdRows.fit(values)) {
                Tensor flat = values.contiguous();
                return AdamWElements.squares(flat.segment(), flat.dtype() == DType.FP32);
            }
            double norm = values.to(DType.FP32).norm().item();
            return norm * norm;
        }
    }

    /** libtorch's kernel has a leading underscore, so JavaCPP maps no method for it; the dispatcher reaches it. */
    private static void fused(Tensor weight, Tensor gradient, Tensor first, Tensor second, AdamWStep step) {
        IValueVector stack = new IValueVector();
        for (Tensor tensor : List.of(weight, gradient, first, second)) stack.push_back(list(List.of(tensor)));
        stack.push_back(list(List.of()));
        stack.push_back(list(List.of(Tensors.full(step.number(), DType.FP32, weight.device()))));
        for (double value :
                new double[] {step.rate(), step.beta1(), step.beta2(), step.weightDecay(), step.epsilon()}) {
            stack.push_back(new IValue(value));
        }
        stack.push_back(new IValue(false)); // amsgrad
        stack.push_back(new IValue(false)); // maximize
        stack.push_back(new IValue()); // grad_scale
        stack.push_back(new IValue()); // found_inf
        Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "").callBoxed(stack);
    }

    private static IValue list(List<Tensor> tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (Tensor tensor : tensors) list.push_back(new IValue(tensor.handle));
        return new IValue(list);
    }
}
