package dev.crema.tensor;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.ListType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OptionalType;

/**
 * A weight laid out as oneDNN's matrix product reads it, for products without gradients on the CPU.
 *
 * <p>A product with a plain weight rearranges it first, each time. With many rows that does not show; with the few of a
 * decoding step it is a quarter of the time. A packed copy is as large as the weight and keeps the values that the weight
 * had when it was packed. It owns its memory.
 */
public final class PackedMatrix implements AutoCloseable {
    private final Tensor packed;
    private final IValue matrix;

    private PackedMatrix(Tensor packed) {
        this.packed = packed;
        this.matrix = Operators.kept(new IValue(packed.handle));
    }

    /** Tells whether a weight gains by being packed: on the CPU, in bf16. */
    public static boolean worthwhile(Tensor weight) {
        return weight.device().isCpu()
                && weight.dtype() == DType.BF16
                && weight.rank() == 2
                && CpuFeatures.current().bf16();
    }

    /** Packs a weight {@code [O, I]}. */
    public static PackedMatrix of(Tensor weight) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            // The layout does not depend on the number of rows that is asked for here.
            return new PackedMatrix(
                    Scope.release(call(Operators.REORDER, new IValue(weight.detach().handle), new IValue(64L))));
        }
    }

    /** Returns {@code x weightᵀ}: {@code x [..., I]} to {@code [..., O]}; the innermost scope's. */
    Tensor product(Tensor x) {
        return product(x, Operators.NONE);
    }

    Tensor product(Tensor x, Tensor bias) {
        return product(x, new IValue(bias.handle));
    }

    private Tensor product(Tensor x, IValue bias) {
        try (Scope scope = Scope.open()) {
            return scope.keep(call(
                    Operators.LINEAR,
                    new IValue(x.handle),
                    matrix,
                    bias,
                    Operators.NO_ACTIVATION,
                    Operators.NO_SCALARS,
                    Operators.NO_ALGORITHM));
        }
    }

    /** Returns what the operator leaves on the stack, as an owner of its own. */
    private static Tensor call(OperatorHandle operator, IValue... arguments) {
        IValueVector stack = new IValueVector(arguments);
        operator.callBoxed(stack);
        return new Tensor(new org.bytedeco.pytorch.Tensor(stack.get(0).toTensor()));
    }

    /** JavaCPP maps no method for these two operators; the dispatcher reaches them. Found once, kept for good. */
    private static final class Operators {
        static final OperatorHandle REORDER = find("_reorder_linear_weight");
        static final OperatorHandle LINEAR = find("_linear_pointwise");
        static final IValue NONE = kept(new IValue());
        static final IValue NO_ACTIVATION = kept(new IValue("none"));
        static final IValue NO_SCALARS = kept(
                new IValue(new GenericList(OptionalType.get(ListType.ofNumbers().containedType(0)))));
        static final IValue NO_ALGORITHM = kept(new IValue(""));

        private static OperatorHandle find(String name) {
            return kept(Dispatcher.singleton().findSchemaOrThrow("mkldnn::" + name, ""));
        }

        private static <P extends Pointer> P kept(P pointer) {
            return pointer.retainReference();
        }
    }

    @Override
    public void close() {
        matrix.close();
        packed.close();
    }
}
