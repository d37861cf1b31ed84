package dev.crema.tensor;

import dev.crema.tensor.simd.DecodeAttention;
import dev.crema.tensor.simd.HeadRows;
import java.util.List;

/** A cache whose keys have the token as the fastest dimension, which is how kernels on the Vector API read them. */
final class TransposedCache implements HeadCache {
    private final HeadLayout layout;
    private Tensor keys; // [B, K, d, slots]
    private Tensor values; // [B, K, slots, d]

    private TransposedCache(HeadLayout layout, Tensor keys, Tensor values) {
        this.layout = layout;
        this.keys = keys;
        this.values = values;
    }

    static TransposedCache of(DType dtype, Device device, int rows, HeadLayout layout, int capacity) {
        long slots = slots(capacity), shared = layout.shared(), size = layout.size();
        try (Scope scope = Scope.open()) {
            return new TransposedCache(
                    layout,
                    Scope.release(Tensors.empty(dtype, device, rows, shared, size, slots)),
                    Scope.release(Tensors.empty(dtype, device, rows, shared, slots, size)));
        }
    }

    /** Rounds up to an odd number of vectors: a power of two would put all dimensions of a key into the same cache set. */
    private static long slots(int capacity) {
        return ((capacity + 15L) / 16 | 1) * 16;
    }

    @Override
    public void append(int slot, Tensor newKeys, Tensor newValues) {
        long tokens = newKeys.size(2);
        keys.narrow(3, slot, tokens).copyInPlace(newKeys.transpose(2, 3));
        values.narrow(2, slot, tokens).copyInPlace(newValues);
    }

    @Override
    public Tensor keys(int slots) {
        return keys.narrow(3, 0, slots).transpose(2, 3);
    }

    @Override
    public Tensor values(int slots) {
        return values.narrow(2, 0, slots);
    }

    @Override
    public Tensor attend(Tensor projection, List<Tensor> angles, int length, int[] starts, double scale) {
        Tensor rows = projection.contiguous();
        Tensor out =
                Tensors.empty(rows.dtype(), Device.CPU, projection.size(0), 1, (long) layout.heads() * layout.size());
        var shape =
                new DecodeAttention.Shape(layout.heads(), layout.shared(), layout.size(), length, (int) keys.size(3));
        HeadRows.Turn turn = SimdRows.turn(angles);
        long keysAt = keys.segment().address(), valuesAt = values.segment().address();
        new DecodeAttention(shape, SimdRows.of(rows), turn, keysAt, valuesAt, starts, SimdRows.of(out))
                .run((float) scale);
        return out;
    }

    @Override
    public void select(Tensor rows, int used) {
        keys = selected(keys, 3, rows, used);
        values = selected(values, 2, rows, used);
    }

    /** Returns a tensor with other rows, of which only the slots in use are copied, and frees the old one. */
    private static Tensor selected(Tensor old, int slotDim, Tensor index, int used) {
        try (Scope scope = Scope.open()) {
            long[] shape = old.shape();
            shape[0] = index.size(0);
            Tensor fresh = Scope.release(Tensors.empty(old.dtype(), old.device(), shape));
            fresh.narrow(slotDim, 0, used)
                    .copyInPlace(old.narrow(slotDim, 0, used).indexSelect(0, index));
            old.close();
            return fresh;
        }
    }

    @Override
    public void close() {
        keys.close();
        values.close();
    }
}
