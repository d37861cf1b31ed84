package dev.crema.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * An n-dimensional array in native memory, with libtorch's automatic differentiation.
 *
 * <p>The innermost {@link Scope} owns each result. Methods named {@code ...InPlace} change the receiver and return it.
 * Shapes broadcast as in PyTorch; a negative dimension counts from the end.
 */
public final class Tensor implements AutoCloseable {
    final org.bytedeco.pytorch.Tensor handle;

    Tensor(org.bytedeco.pytorch.Tensor handle) {
        this.handle = handle;
        Lifetimes.made(this);
    }

    // ---- identity ----

    /** Returns the extents. */
    public long[] shape() {
        long[] shape = new long[rank()];
        for (int i = 0; i < shape.length; i++) shape[i] = handle.size(i);
        return shape;
    }

    /** Returns the extent of one dimension. */
    public long size(int dim) {
        return handle.size(dim);
    }

    /** Returns how many elements lie between two neighbours along a dimension. */
    long stride(int dim) {
        return handle.stride(dim);
    }

    /** Returns the number of dimensions. */
    public int rank() {
        return (int) handle.dim();
    }

    /** Returns the number of elements. */
    public long elements() {
        return handle.numel();
    }

    /** Returns the element type. */
    public DType dtype() {
        return DType.of(handle.scalar_type());
    }

    /** Returns where the elements live. */
    public Device device() {
        return handle.is_cuda() ? new Device.Cuda(handle.device().index()) : Device.CPU;
    }

    /** Returns the size of all elements in bytes. */
    public long bytes() {
        return elements() * dtype().bytes();
    }

    /** Tells whether this tensor has been freed, by its scope or by {@link #close}. */
    public boolean closed() {
        return handle.isNull();
    }

    /** Frees this handle; the memory goes with the last handle, view or graph node that needs it. */
    @Override
    public void close() {
        if (!handle.isNull()) {
            handle.close();
            Lifetimes.closed(this);
        }
    }

    // ---- shape: views where the strides allow it ----

    /** Returns the same elements in another shape; one extent may be -1. */
    public Tensor reshape(long... shape) {
        return new Tensor(handle.reshape(shape));
    }

    /** Swaps two dimensions. */
    public Tensor transpose(int a, int b) {
        return new Tensor(handle.transpose(a, b));
    }

    /** Reorders the dimensions. */
    public Tensor permute(long... dims) {
        return new Tensor(handle.permute(dims));
    }

    /** Returns {@code length} entries of a dimension from {@code start}. */
    public Tensor narrow(int dim, long start, long length) {
        return new Tensor(handle.narrow(dim, start, length));
    }

    /** Returns one entry of a dimension, which goes away. */
    public Tensor select(int dim, long index) {
        return new Tensor(handle.select(dim, index));
    }

    /** Inserts a dimension of extent 1. */
    public Tensor unsqueeze(int dim) {
        return new Tensor(handle.unsqueeze(dim));
    }

    /** Repeats dimensions of extent 1 without copying. */
    public Tensor expand(long... shape) {
        return new Tensor(handle.expand(shape));
    }

    /** Returns this tensor if its elements lie in order, else an ordered copy. */
    public Tensor contiguous() {
        return new Tensor(handle.contiguous());
    }

    /** Tells whether the elements lie in order, without gaps. */
    public boolean isContiguous() {
        return handle.is_contiguous();
    }

    /** Splits a dimension into parts of {@code size}. */
    public Tensor[] split(long size, int dim) {
        TensorVector parts = handle.split(size, dim);
        Tensor[] result = new Tensor[(int) parts.size()];
        for (int i = 0; i < result.length; i++) result[i] = new Tensor(new org.bytedeco.pytorch.Tensor(parts.get(i)));
        return result;
    }

    /** Joins tensors along a dimension. */
    public static Tensor concat(List<Tensor> parts, int dim) {
        return new Tensor(torch.cat(vector(parts), dim));
    }

    // ---- type and place ----

    /** Returns the elements as another type; this tensor itself if it has that type. */
    public Tensor to(DType dtype) {
        return dtype == dtype() ? this : new Tensor(handle.to(dtype.scalarType));
    }

    /** Returns the elements on another device; this tensor itself if it is there. */
    public Tensor to(Device device) {
        return device.equals(device()) ? this : new Tensor(handle.to(device.handle(), dtype().scalarType));
    }

    /** Returns a copy with memory of its own. */
    public Tensor copy() {
        return new Tensor(handle.clone());
    }

    // ---- arithmetic ----

    public Tensor add(Tensor other) {
        return new Tensor(handle.add(other.handle));
    }

    /** Returns {@code this + alpha * other}. */
    public Tensor add(Tensor other, double alpha) {
        return new Tensor(handle.add(other.handle, new Scalar(alpha)));
    }

    public Tensor add(double value) {
        return new Tensor(handle.add(new Scalar(value)));
    }

    public Tensor sub(Tensor other) {
        return new Tensor(handle.sub(other.handle));
    }

    public Tensor mul(Tensor other) {
        return new Tensor(handle.mul(other.handle));
    }

    public Tensor mul(double value) {
        return new Tensor(handle.mul(new Scalar(value)));
    }

    public Tensor div(Tensor other) {
        return new Tensor(handle.div(other.handle));
    }

    public Tensor div(double value) {
        return new Tensor(handle.div(new Scalar(value)));
    }

    public Tensor neg() {
        return new Tensor(handle.neg());
    }

    public Tensor exp() {
        return new Tensor(handle.exp());
    }

    public Tensor log() {
        return new Tensor(handle.log());
    }

    public Tensor sqrt() {
        return new Tensor(handle.sqrt());
    }

    public Tensor rsqrt() {
        return new Tensor(handle.rsqrt());
    }

    public Tensor tanh() {
        return new Tensor(handle.tanh());
    }

    public Tensor cos() {
        return new Tensor(handle.cos());
    }

    public Tensor sin() {
        return new Tensor(handle.sin());
    }

    public Tensor pow(double exponent) {
        return new Tensor(handle.pow(new Scalar(exponent)));
    }

    /** Limits each element to {@code [low, high]}. */
    public Tensor clamp(double low, double high) {
        return new Tensor(torch.clamp(
                handle,
                new org.bytedeco.pytorch.ScalarOptional(new Scalar(low)),
                new org.bytedeco.pytorch.ScalarOptional(new Scalar(high))));
    }

    /** Returns the matrix product; leading dimensions are batches. */
    public Tensor matmul(Tensor other) {
        if (!Fp32Product.widened(this)) return new Tensor(torch.matmul(handle, other.handle));
        try (Scope scope = Scope.open()) {
            return scope.keep(to(DType.FP32).matmul(other.to(DType.FP32)).to(dtype()));
        }
    }

    public Tensor addInPlace(Tensor other) {
        handle.add_(other.handle);
        return this;
    }

    /** Adds {@code alpha * other} in place. */
    public Tensor addInPlace(Tensor other, double alpha) {
        handle.add_(other.handle, new Scalar(alpha));
        return this;
    }

    public Tensor mulInPlace(Tensor other) {
        handle.mul_(other.handle);
        return this;
    }

    public Tensor mulInPlace(double value) {
        handle.mul_(new Scalar(value));
        return this;
    }

    /** Moves this tensor towards another: {@code this += weight * (other - this)}. */
    public Tensor lerpInPlace(Tensor other, double weight) {
        handle.lerp_(other.handle, new Scalar(weight));
        return this;
    }

    public Tensor fillInPlace(double value) {
        handle.fill_(new Scalar(value));
        return this;
    }

    /** Overwrites the elements with another tensor's, converting type and device. */
    public Tensor copyInPlace(Tensor source) {
        handle.copy_(source.handle);
        return this;
    }

    // ---- reductions ----

    public Tensor sum() {
        return new Tensor(handle.sum());
    }

    public Tensor sum(int dim, boolean keepDim) {
        return new Tensor(handle.sum(new long[] {dim}, keepDim, new ScalarTypeOptional()));
    }

    public Tensor mean() {
        return new Tensor(handle.mean());
    }

    public Tensor mean(int dim, boolean keepDim) {
        return new Tensor(handle.mean(new long[] {dim}, keepDim, new ScalarTypeOptional()));
    }

    public Tensor max(int dim, boolean keepDim) {
        return new Tensor(handle.amax(new long[] {dim}, keepDim));
    }

    /** Returns the index of the largest entry along a dimension; INT64. */
    public Tensor argmax(int dim) {
        return new Tensor(handle.argmax(new LongOptional(dim), false));
    }

    /** Returns the Euclidean norm of all elements; a scalar. */
    public Tensor norm() {
        return new Tensor(handle.norm());
    }

    // ---- comparison and selection ----

    public Tensor eq(double value) {
        return new Tensor(handle.eq(new Scalar(value)));
    }

    public Tensor eq(Tensor other) {
        return new Tensor(handle.eq(other.handle));
    }

    public Tensor ge(Tensor other) {
        return new Tensor(handle.ge(other.handle));
    }

    public Tensor lt(Tensor other) {
        return new Tensor(handle.lt(other.handle));
    }

    public Tensor and(Tensor other) {
        return new Tensor(handle.logical_and(other.handle));
    }

    public Tensor or(Tensor other) {
        return new Tensor(handle.logical_or(other.handle));
    }

    /** Picks one entry of {@code dim} for each entry of {@code index} (INT64). */
    public Tensor gather(int dim, Tensor index) {
        return new Tensor(handle.gather(dim, index.handle));
    }

    /** Picks whole slices along a dimension; {@code index} is a vector of INT32 or INT64. */
    public Tensor indexSelect(int dim, Tensor index) {
        return new Tensor(handle.index_select(dim, index.handle));
    }

    /** Adds {@code source} at the places {@code index} (INT64) of a dimension. */
    public Tensor scatterAddInPlace(int dim, Tensor index, Tensor source) {
        handle.scatter_add_(dim, index.handle, source.handle);
        return this;
    }

    /** Sorts along a dimension; returns values and INT64 indices. */
    public Sorted sort(int dim, boolean descending) {
        var pair = handle.sort(dim, descending);
        return new Sorted(owned(pair.get0()), owned(pair.get1()));
    }

    /** Returns the {@code k} largest entries along a dimension, largest first, and their INT64 indices. */
    public Sorted topK(int k, int dim) {
        var pair = torch.topk(handle, k, dim, true, true);
        return new Sorted(owned(pair.get0()), owned(pair.get1()));
    }

    /** A part of a pair goes with the pair; this is a handle of its own. */
    private static Tensor owned(org.bytedeco.pytorch.Tensor part) {
        return new Tensor(new org.bytedeco.pytorch.Tensor(part));
    }

    /** Values in order and where they came from. */
    public record Sorted(Tensor values, Tensor indices) {}

    // ---- reading ----

    /** Returns the only element. */
    public double item() {
        return handle.item_double();
    }

    /** Returns the elements in order as fp32. */
    public float[] toFloats() {
        return HostMemory.floats(this);
    }

    /** Returns the elements in order as integers. */
    public long[] toLongs() {
        return HostMemory.longs(this);
    }

    /**
     * Returns the elements' memory, without a copy.
     *
     * @throws IllegalStateException if the tensor is not contiguous or not on the CPU
     */
    public MemorySegment segment() {
        return HostMemory.segment(this);
    }

    // ---- differentiation ----

    /** Makes this leaf collect gradients, or stop; returns it. */
    public Tensor requiresGrad(boolean required) {
        handle.requires_grad_(required);
        return this;
    }

    public boolean requiresGrad() {
        return handle.requires_grad();
    }

    /** Returns the same elements cut off from the graph. */
    public Tensor detach() {
        return new Tensor(handle.detach());
    }

    /** Tells whether a gradient has been collected. */
    public boolean hasGrad() {
        try (Scope scope = Scope.open()) {
            return handle.grad().defined();
        }
    }

    /** Returns the collected gradient, a handle of the innermost scope; {@link #hasGrad} must hold. */
    public Tensor grad() {
        Tensor grad = new Tensor(new org.bytedeco.pytorch.Tensor(handle.grad()));
        if (!grad.handle.defined()) throw new IllegalStateException("no gradient has reached this tensor");
        return grad;
    }

    /** Replaces the collected gradient. */
    public void grad(Tensor gradient) {
        handle.mutable_grad().put(gradient.handle);
    }

    /** Adds to the collected gradient of a leaf. */
    public void accumulateGrad(Tensor gradient) {
        try (Scope scope = Scope.open()) {
            Tensor grad = new Tensor(new org.bytedeco.pytorch.Tensor(handle.grad()));
            if (grad.handle.defined()) {
                grad.handle.add_(gradient.handle);
            } else {
                handle.mutable_grad().put(gradient.to(dtype()).handle);
            }
        }
    }

    /** Forgets the collected gradient and frees it. */
    public void clearGrad() {
        try (Scope scope = Scope.open()) {
            handle.mutable_grad().put(new org.bytedeco.pytorch.Tensor());
        }
    }

    /** Runs the backward pass from this scalar and frees the graph. */
    public void backward() {
        handle.backward();
        CustomGradient.settle();
    }

    /** Runs the backward pass from this tensor with the given gradient and frees the graph. */
    public void backward(Tensor gradient) {
        handle.backward(
                gradient.handle, new BoolOptional(false), false, new org.bytedeco.pytorch.TensorArrayRefOptional());
        CustomGradient.settle();
    }

    static TensorVector vector(List<Tensor> tensors) {
        return new TensorVector(tensors.stream().map(t -> t.handle).toArray(org.bytedeco.pytorch.Tensor[]::new));
    }

    Pointer data() {
        return handle.data_ptr();
    }

    @Override
    public String toString() {
        return closed() ? "Tensor[closed]" : "Tensor" + Arrays.toString(shape()) + dtype();
    }
}
