package dev.crema.tensor;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.jspecify.annotations.Nullable;

/**
 * Gives a value, however it was computed, a backward rule of our own.
 *
 * <p>JavaCPP maps no {@code autograd::Function}. This does the same with two things that it does map: the result is a
 * view of the input, so that the engine knows where its gradient flows, whose data is then replaced by the value; a hook
 * on it turns the gradient of the output into that of the input. Value and input have the same type. A rule may add to
 * gradients of leaves (weights) itself.
 */
final class CustomGradient {
    private CustomGradient() {}

    /** Turns the gradient of the output into that of the input, given the tensors saved for it. */
    @FunctionalInterface
    interface Rule {
        Tensor apply(Tensor gradient, Tensor[] saved);
    }

    /** The gradients of two inputs. */
    record Two(Tensor first, Tensor second) {}

    /** Turns the gradient of the output into those of two inputs. */
    @FunctionalInterface
    interface RuleOfTwo {
        Two apply(Tensor gradient, Tensor[] saved);
    }

    /**
     * Returns {@code value}, of the shape and type of {@code first}, whose gradient reaches both inputs. The second hangs
     * on by one of its elements, which is added before the value takes the sum's place: what flows there is thrown away for
     * what the rule handed over.
     */
    static Tensor ofTwo(Tensor value, Tensor first, Tensor second, RuleOfTwo rule, Tensor... saved) {
        if (!Autograd.recording() || !second.requiresGrad()) {
            return of(
                    value, first, (gradient, kept) -> rule.apply(gradient, kept).first(), saved);
        }
        Tensor[] handedOver = new Tensor[1];
        Tensor end =
                link(second.detach(), second, (gradient, none) -> Scope.adopt(Objects.requireNonNull(handedOver[0])));
        Tensor element = end;
        for (int dim = 0; dim < second.rank(); dim++) element = element.narrow(dim, 0, 1);
        // A scalar does not widen the type of what it is added to.
        Tensor both = first.add(element.reshape());
        both.handle.set_data(value.handle);
        hook(
                both.handle,
                (gradient, kept) -> {
                    Two gradients = rule.apply(gradient, kept);
                    handedOver[0] = Scope.release(gradients.second());
                    return gradients.first();
                },
                kept(saved));
        return both;
    }

    /** Returns {@code value}, whose gradient reaches {@code input} through {@code rule}. */
    static Tensor of(Tensor value, Tensor input, Rule rule, Tensor... saved) {
        if (!Autograd.recording() || !input.requiresGrad()) return value;
        boolean sameShape = Arrays.equals(value.shape(), input.shape());
        return sameShape ? link(value, input, rule, saved) : linkAcrossShapes(value, input, rule, saved);
    }

    /**
     * Links a value to an input of another shape: between them stands a sum of zeros in the input's shape, repeated to the
     * value's shape; neither takes memory worth the name, forward or backward. The hook of the value computes the input's
     * gradient and hands it over to the hook of the input; what flows between is thrown away.
     */
    private static Tensor linkAcrossShapes(Tensor value, Tensor input, Rule rule, Tensor... saved) {
        Tensor[] handedOver = new Tensor[1];
        DType dtype = value.dtype();
        Device device = value.device();
        long[] ones = new long[value.rank()];
        Arrays.fill(ones, 1);
        // A row of zeros, repeated: libtorch adds up what lies side by side faster than one number again and again.
        Tensor zeros = Tensors.zeros(dtype, device, input.size(-1)).expand(input.shape());
        Tensor end = link(zeros, input, (gradient, none) -> Scope.adopt(Objects.requireNonNull(handedOver[0])));
        Tensor bridge = end.sum().reshape(ones).expand(value.shape());
        return link(
                value,
                bridge,
                (gradient, kept) -> {
                    handedOver[0] = Scope.release(rule.apply(gradient, kept));
                    return Tensors.zeros(dtype, device, ones).expand(gradient.shape());
                },
                saved);
    }

    /**
     * Makes a value the beginning of a graph; what its gradient is for, the collector does: it adds to those of leaves
     * (weights) from which the value was computed.
     */
    static Tensor beginning(Tensor value, Consumer<Tensor> collector) {
        Tensor leaf = value.requiresGrad(true);
        observe(leaf, collector);
        return leaf;
    }

    /** Shows a value's gradient to a collector when it is complete; it flows on as it is. */
    static void observe(Tensor value, Consumer<Tensor> collector) {
        Rule rule = (gradient, none) -> {
            collector.accept(gradient);
            return gradient;
        };
        hook(value.handle, rule);
    }

    private static Tensor link(Tensor value, Tensor input, Rule rule, Tensor... saved) {
        org.bytedeco.pytorch.Tensor node = input.handle.alias();
        node.set_data(value.handle);
        hook(node, rule, kept(saved));
        return new Tensor(node);
    }

    private static Tensor[] kept(Tensor... saved) {
        Tensor[] kept = new Tensor[saved.length];
        for (int i = 0; i < saved.length; i++) {
            kept[i] = saved[i].detach();
            Scope.attachToGraph(kept[i].handle);
        }
        return kept;
    }

    private static void hook(org.bytedeco.pytorch.Tensor node, Rule rule, Tensor... kept) {
        Hook hook = new Hook(rule, kept);
        Scope.attachToGraph(hook);
        node.register_hook(hook);
    }

    private static final class Hook extends TensorTensorHook {
        private static final long serialVersionUID = 1L;
        private final transient Rule rule;
        private final transient Tensor[] saved;

        Hook(Rule rule, Tensor[] saved) {
            this.rule = rule;
            this.saved = saved;
        }

        @Override
        public org.bytedeco.pytorch.Tensor call(TensorBase gradient) {
            try (Scope scope = Scope.open();
                    var off = Autograd.off()) {
                Tensor result = rule.apply(new Tensor(new org.bytedeco.pytorch.Tensor(gradient)), saved);
                // Each rule runs once: what it saved is not needed any more.
                for (Tensor tensor : saved) tensor.close();
                return Pending.hold(result);
            }
        }
    }

    /** Keeps what a hook returned until libtorch has taken it, which is certain when the next hook of the thread runs. */
    private static final class Pending {
        private static final ThreadLocal<Pending> CURRENT = ThreadLocal.withInitial(Pending::new);
        private org.bytedeco.pytorch.@Nullable Tensor last;

        static org.bytedeco.pytorch.Tensor hold(Tensor result) {
            clear();
            org.bytedeco.pytorch.Tensor handle = Scope.release(result).handle;
            CURRENT.get().last = handle;
            return handle;
        }

        static void clear() {
            Pending pending = CURRENT.get();
            if (pending.last != null) pending.last.close();
            pending.last = null;
        }
    }

    /** Lets go of the last gradient that a hook returned; called after a backward pass. */
    static void settle() {
        Pending.clear();
    }
}
