package dev.crema.tensor;

import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;

/**
 * One AdamW step over a list of tensors in one native call (Loshchilov and Hutter, 2019).
 *
 * <p>libtorch's fused kernel has a leading underscore in its name, so JavaCPP maps no method for it; the dispatcher
 * reaches it all the same.
 */
public final class FusedAdamW {
    private FusedAdamW() {}

    /**
     * Updates weights and moments in place.
     *
     * @param weights FP32
     * @param gradients FP32, of the weights' shapes
     * @param first the running mean of gradients
     * @param second the running mean of their squares
     * @param step the number of this step, from 1
     */
    public static void step(
            List<Tensor> weights,
            List<Tensor> gradients,
            List<Tensor> first,
            List<Tensor> second,
            long step,
            Settings settings) {
        if (weights.isEmpty()) return;
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor count = Tensors.full(step, DType.FP32, weights.getFirst().device());
            List<Tensor> counts = Collections.nCopies(weights.size(), count);
            IValueVector stack = new IValueVector();
            stack.push_back(list(weights));
            stack.push_back(list(gradients));
            stack.push_back(list(first));
            stack.push_back(list(second));
            stack.push_back(list(List.of()));
            stack.push_back(list(counts));
            for (double value : new double[] {
                settings.rate(), settings.beta1(), settings.beta2(), settings.weightDecay(), settings.epsilon()
            }) {
                stack.push_back(new IValue(value));
            }
            stack.push_back(new IValue(false)); // amsgrad
            stack.push_back(new IValue(false)); // maximize
            stack.push_back(new IValue()); // grad_scale
            stack.push_back(new IValue()); // found_inf
            OperatorHandle operator = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
            operator.callBoxed(stack);
        }
    }

    private static IValue list(List<Tensor> tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (Tensor tensor : tensors) list.push_back(new IValue(tensor.handle));
        return new IValue(list);
    }

    /** The numbers of one step. */
    public record Settings(double rate, double beta1, double beta2, double epsilon, double weightDecay) {}
}
