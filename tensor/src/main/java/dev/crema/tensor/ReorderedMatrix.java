package dev.crema.tensor;

import dev.crema.tensor.machine.CpuFeatures;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.ListType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OptionalType;

/** A weight laid out as oneDNN's matrix product reads it; it owns its memory. */
final class ReorderedMatrix implements PackedMatrix {
    private final Tensor packed;
    private final IValue matrix;
    private final IValue bias;
    private final After after;

    private ReorderedMatrix(Tensor packed, IValue bias, After after) {
        this.packed = packed;
        this.matrix = Operators.kept(new IValue(packed.handle));
        this.bias = bias;
        this.after = after;
    }

    /** Tells whether oneDNN has products of a weight's type. */
    static boolean fits(Tensor weight) {
        return weight.dtype() == DType.BF16 && CpuFeatures.current().bf16();
    }

    static ReorderedMatrix of(Tensor weight, List<Tensor> bias, After after) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            // The layout does not depend on the number of rows that is asked for here.
            Tensor packed = call(Operators.REORDER, new IValue(weight.detach().handle), new IValue(64L));
            IValue added = bias.isEmpty()
                    ? new IValue()
                    : new IValue(bias.getFirst().detach().copy().handle);
            return new ReorderedMatrix(Scope.release(packed), Operators.kept(added), after);
        }
    }

    @Override
    public Tensor product(Tensor x) {
        try (Scope scope = Scope.open()) {
            Tensor y = call(
                    Operators.LINEAR,
                    new IValue(x.handle),
                    matrix,
                    bias,
                    Operators.NO_ACTIVATION,
                    Operators.NO_SCALARS,
                    Operators.NO_ALGORITHM);
            return scope.keep(
                    switch (after) {
                        case NOTHING -> y;
                        case SWIGLU -> Functions.swiGlu(y);
                    });
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
        bias.close();
        packed.close();
    }
}
